// The flags of the commands.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import { SensorError } from "../sensor-error.ts";
import { NAME } from "./terminal.ts";

/** Parses the flags of a command. Throws SensorError for unknown flags and arguments. */
export function parseFlags<const O extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: O,
) {
  try {
    const { values, tokens } = parseArgs({
      args: joinDash(args),
      options,
      allowPositionals: false,
      strict: true,
      tokens: true,
    });
    const given = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
    // Two tokens are ambiguous. For other options, the last one counts, as usual.
    const twice = given.find((name, index) => name.startsWith("token") && given.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`--${twice} was given more than once`);
    return values;
  } catch (error) {
    const reason = ((error as Error).message.split(/\.\s|\.$|\n/)[0] ?? "").trim();
    throw new SensorError("usage", redactTokenValues(reason), `${NAME} help lists all commands and options`);
  }
}

/** `--token -` means standard input, but the parser treats a lone dash as a positional argument. */
function joinDash(args: string[]): string[] {
  const at = args.indexOf("--token");
  return at >= 0 && args[at + 1] === "-" ? [...args.slice(0, at), "--token=-", ...args.slice(at + 2)] : args;
}
