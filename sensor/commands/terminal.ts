// How the sensor talks to people. Results go to standard output; everything else to standard error with the program's
// name before it. No capital at the beginning but for the action that failed, no full stop at the end.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { type BoundedOutput, openBoundedOutput } from "@attacklens/protocol/bounded-output.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import { EXIT_CODES, SensorError } from "../sensor-error.ts";

const NAME = "attacklens-sensor";

export function print(text: string): void {
  console.log(text);
}

/** Prints what may be large or go into a file: throws when it cannot be written, which `print` passes over. */
export async function printWhole(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, `${text}\n`);
  } catch (error) {
    // A reader such as head has seen enough.
    if (errnoCode(error) !== "EPIPE") throw error;
  }
}

let standardError: BoundedOutput | undefined;

/** A reader that stalls must not stop the reports. */
function printError(line: string): void {
  standardError ??= openBoundedOutput({
    stream: process.stderr,
    droppedLine: (count) =>
      `${new Date().toISOString()} dropped ${count} log lines: the log's reader was too slow, or the log could not be written\n`,
  });
  standardError.write(`${line}\n`);
}

/** Resolves when standard error is written, or after a deadline when nobody reads it. */
export async function flushErrors(): Promise<void> {
  await new Promise<void>((resolve) => (standardError ? standardError.flush(resolve) : resolve()));
}

export function note(text: string): void {
  printError(`${NAME}: ${redactTokenValues(text)}`);
}

/** A line of the running sensor's log. */
export function logLine(text: string): void {
  printError(`${new Date().toISOString()} ${redactTokenValues(text)}`);
}

/** Says what went wrong; answers the exit code. */
export function explain(error: unknown): number {
  if (error instanceof SensorError) {
    note(error.message);
    if (error.hint) printError(`hint: ${error.hint}`);
    return EXIT_CODES[error.exit];
  }
  note(`failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`);
  return EXIT_CODES.failed;
}

/** The flags of a command. Throws SensorError for what the command does not know. */
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
    // Of two tokens it is not for us to choose; of other options the last one counts, as everywhere.
    const twice = given.find((name, index) => name.startsWith("token") && given.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`--${twice} was given more than once`);
    return values;
  } catch (error) {
    const reason = ((error as Error).message.split(/\.\s|\.$|\n/)[0] ?? "").trim();
    throw new SensorError("usage", redactTokenValues(reason), `${NAME} help lists all commands and options`);
  }
}

/** `--token -` means standard input; the parser would take a lone dash for a positional argument. */
function joinDash(args: string[]): string[] {
  const at = args.indexOf("--token");
  return at >= 0 && args[at + 1] === "-" ? [...args.slice(0, at), "--token=-", ...args.slice(at + 2)] : args;
}

/** Aborted by Ctrl-C and by the service manager. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

/** Standard input up to its end, `maxBytes` of it at the most. */
export async function readStandardInput(maxBytes = 4_096): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of Bun.stdin.stream()) {
    parts.push(part);
    size += part.byteLength;
    if (size > maxBytes) break;
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString();
}
