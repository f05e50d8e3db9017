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
  service: 14,
} as const;

export type ExitName = keyof typeof EXIT_CODES;

/** What each exit code means, for the help and the documents. */
const EXIT_MEANINGS: Record<ExitName, string> = {
  done: "success",
  failed: "unexpected failure; for `status` and `service status`: the sensor is not running",
  usage: "usage error",
  tokenRefused: "the token or ticket is malformed, or was refused",
  serverUnreachable: "the server is unreachable",
  identity: "not enrolled, or the identity cannot be read or written",
  sensorRefused: "the server refused the sensor for another reason",
  awaitingApproval: "the sensor awaits approval",
  blocked: "the sensor is blocked",
  unknownToServer: "the server does not know the sensor: it was deleted, unenrolled or removed",
  wrongServer:
    "server identity mismatch: this is not the server that the sensor enrolled with, or the pin does not match",
  clockWrong: "the host's clock is wrong, and the server's time could not correct it",
  serverInTrouble: "the server reported an error",
  keyNotOurs: "another host holds the sensor's key, or a re-enrollment ticket replaced it",
  service: "the service is not installed, cannot be installed, started or removed, or did not report in time",
};

/** Each exit code with its meaning, in the order of the codes. */
export function listExits(): { code: number; meaning: string }[] {
  const names = Object.keys(EXIT_CODES) as ExitName[];
  return names.map((name) => ({ code: EXIT_CODES[name], meaning: EXIT_MEANINGS[name] }));
}

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
