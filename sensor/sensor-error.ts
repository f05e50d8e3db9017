// The error of a command: a stable exit code, a message and a hint.

export const EXIT_CODES = {
  done: 0,
  failed: 1,
  usage: 2,
  tokenRefused: 3,
  serverUnreachable: 4,
  identity: 5,
  sensorRefused: 6,
  awaitingApproval: 7,
  blocked: 8,
  unknownToServer: 9,
  wrongServer: 10,
  clockWrong: 11,
  serverInTrouble: 12,
  keyNotOurs: 13,
} as const;

export type ExitName = keyof typeof EXIT_CODES;

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
