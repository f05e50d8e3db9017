// Output of the commands. Results go to standard output, everything else to standard error after the
// program's name. Messages start in lower case, except for the failed action, and have no full stop.
import { type BoundedOutput, openBoundedOutput } from "@attacklens/protocol/bounded-output.ts";
import { decodeText } from "@attacklens/protocol/decode-text.ts";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { EXIT_CODES } from "@attacklens/protocol/sensor-exits.ts";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import { limitGarbage } from "../collectors/garbage.ts";
import { SensorError } from "../sensor-error.ts";

export const NAME = "attacklens-sensor";

export function print(text: string): void {
  console.log(text);
}

/** Prints the result of a step of install or uninstall. */
export function printStep(step: string, text: string): void {
  print(`${step.padEnd(10)} ${text}`);
}

/** Whether standard output is a terminal, and no program reads it. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Prints large output in pieces. Throws if it cannot be written; `print` ignores that. */
export async function printWhole(pieces: Iterable<string>): Promise<void> {
  try {
    for (const piece of pieces) {
      await Bun.write(Bun.stdout, piece);
      limitGarbage();
    }
    await Bun.write(Bun.stdout, "\n");
  } catch (error) {
    // A reader such as head has closed the pipe.
    if (errnoCode(error) !== "EPIPE") throw error;
  }
}

let standardError: BoundedOutput | undefined;

/** Never blocks: a stalled reader must not stop the reports. */
function printError(line: string): void {
  standardError ??= openBoundedOutput({
    stream: process.stderr,
    droppedLine: (count) =>
      `${new Date().toISOString()} dropped ${count} log lines: the log's reader was too slow, or the log could not be written\n`,
  });
  standardError.write(`${line}\n`);
}

/** Resolves when standard error is written, or after a deadline if it has no reader. */
export async function flushErrors(): Promise<void> {
  await new Promise<void>((resolve) => (standardError ? standardError.flush(resolve) : resolve()));
}

export function note(text: string): void {
  printError(`${NAME}: ${redactTokenValues(text)}`);
}

/** Writes a line of the running sensor's log. */
export function logLine(text: string): void {
  printError(`${new Date().toISOString()} ${redactTokenValues(text)}`);
}

/** Prints the error and returns its exit code. */
export function explain(error: unknown): number {
  if (error instanceof SensorError) {
    note(error.message);
    if (error.hint) printError(`hint: ${error.hint}`);
    return EXIT_CODES[error.exit];
  }
  note(`failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`);
  return EXIT_CODES.failed;
}

/** A signal that is aborted by Ctrl-C and by the service manager. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

/** Reads standard input to its end, at most `maxBytes`. */
export async function readStandardInput(maxBytes = 4_096): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of Bun.stdin.stream()) {
    parts.push(part);
    size += part.byteLength;
    if (size > maxBytes) break;
  }
  return decodeText(Buffer.concat(parts).subarray(0, maxBytes));
}
