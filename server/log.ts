// The log: JSON lines on standard error. Token values are redacted in every line.
import { type BoundedOutput, openBoundedOutput } from "@attacklens/protocol/bounded-output.ts";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import pino, { type Logger } from "pino";

/** `process`: the number of this process, if the server has several. */
export function openLog(level: string, output: BoundedOutput, process?: number): Logger {
  return pino(
    {
      level,
      base: process === undefined ? null : { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactTokenValues },
    },
    output,
  );
}

/** Resolves when the log is written, or after a deadline if its reader has stopped. */
export async function flushLog(log: Logger): Promise<void> {
  await new Promise<void>((resolve) => log.flush(() => resolve()));
}

export function openLogOutput(): BoundedOutput {
  return openBoundedOutput({
    stream: process.stderr,
    droppedLine: (dropped) =>
      `${JSON.stringify({
        level: "warn",
        time: new Date().toISOString(),
        dropped,
        msg: `dropped ${dropped} log lines: the log's reader was too slow, or the log could not be written`,
      })}\n`,
  });
}
