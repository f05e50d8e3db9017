// The error of a command: a stable exit code, a message and a hint.
import type { ExitName } from "@attacklens/protocol/sensor-exits.ts";

/**
 * `message` states the action, then the state. `hint` says what to do next. Neither contains a token or a
 * key.
 */
export class SensorError extends Error {
  constructor(
    readonly exit: ExitName,
    message: string,
    readonly hint?: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}
