// The flags of a command, and the errors that a command shows.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import { CommandError, EXIT_CODES } from "./command-error.ts";

/** Returns the exit code. Prints errors to standard error. `command`: with its help. */
export async function reportErrors(command: string, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`attacklens: ${redactTokenValues(error.message)}`);
    const hint =
      error.hint ?? (error.exit === "usage" ? `attacklens ${command} --help lists the commands` : undefined);
    if (hint) console.error(`hint: ${hint}`);
    return EXIT_CODES[error.exit];
  }
}

export function required(value: string | undefined, source: string): string {
  if (value === undefined) throw new CommandError("usage", `${source} is required`);
  return value;
}

export function parseFlags<const O extends NonNullable<ParseArgsConfig["options"]>>(
  args: string[],
  options: O,
) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new CommandError("usage", (error as Error).message.split(". ")[0] ?? "");
  }
}
