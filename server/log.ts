// The log: JSON lines on standard error, from which token values are taken out whatever wrote them.
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import pino, { type Logger } from "pino";

export function openLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactTokenValues },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
