// The exit codes of attacklens-sensor: scripts rely on them. The help, the deploy guides and the documents
// have this table.

interface SensorExit {
  code: number;
  meaning: string;
  /** What to do next, as a sentence without a period; null: nothing is wrong. */
  fix: string | null;
}

const EXITS = {
  done: { code: 0, meaning: "success", fix: null },
  failed: {
    code: 1,
    meaning: "unexpected failure; for `status` and `service status`: the sensor is not running",
    fix: "run `attacklens-sensor service status`: it shows the last end of the service and the command for its log",
  },
  usage: {
    code: 2,
    meaning: "usage error",
    fix: "copy the command again, or run `attacklens-sensor help`",
  },
  tokenRefused: {
    code: 3,
    meaning: "the token or ticket is malformed, or was refused",
    fix: "read the message: it names the reason. Extend, resume or change the token under **Sensors > Enrollment Tokens**, or create another one",
  },
  serverUnreachable: {
    code: 4,
    meaning: "the server is unreachable",
    fix: "run `attacklens-sensor check` with the same options: it tests name, proxy, certificate and connection one by one",
  },
  identity: {
    code: 5,
    meaning: "not enrolled, or the identity cannot be read or written",
    fix: "run the installation command again as root",
  },
  sensorRefused: {
    code: 6,
    meaning: "the server refused the sensor for another reason",
    fix: "read the message: it names the reason. If it names a request, find its id in the log of the server",
  },
  awaitingApproval: {
    code: 7,
    meaning: "the sensor awaits approval",
    fix: "approve the sensor in the console under **Sensors**",
  },
  blocked: {
    code: 8,
    meaning: "the sensor is blocked",
    fix: "unblock the sensor in the console under **Sensors**",
  },
  unknownToServer: {
    code: 9,
    meaning: "the server does not know the sensor: it was deleted, unenrolled or removed",
    fix: "run the installation command with a token and `--replace`. The host becomes a new sensor",
  },
  wrongServer: {
    code: 10,
    meaning:
      "server identity mismatch: this is not the server that the sensor enrolled with, or the pin does not match",
    fix: "copy the command again from the console. If the pins still differ, another server or a proxy that inspects TLS replies",
  },
  clockWrong: {
    code: 11,
    meaning: "the host's clock is wrong, and the server's time could not correct it",
    fix: "set the clock of the host, for example with `timedatectl set-ntp true`",
  },
  serverInTrouble: {
    code: 12,
    meaning: "the server reported an error",
    fix: "run the command again in a minute. If it fails again, read the log of the server",
  },
  keyNotOurs: {
    code: 13,
    meaning: "another host holds the sensor's key, or a re-enrollment ticket replaced it",
    fix: "run the installation command with a token and `--replace`. The host becomes a new sensor",
  },
  service: {
    code: 14,
    meaning:
      "the service is not installed, cannot be installed, started or removed, or did not report in time",
    fix: "read the message: it is one of those of `attacklens-sensor install`",
  },
  stillEnrolled: {
    code: 15,
    meaning: "this host is enrolled, so `prepare-image` does not make an image of it",
    fix: "run `attacklens-sensor unenroll`, then `attacklens-sensor prepare-image` again",
  },
  incomplete: {
    code: 16,
    meaning: "for `collect`: at least one category failed, was too slow or was not permitted",
    fix: "read the reason beside the category. If it is not permitted, run `attacklens-sensor collect` as root",
  },
} as const satisfies Record<string, SensorExit>;

export type ExitName = keyof typeof EXITS;

export const EXIT_CODES = Object.fromEntries(
  Object.entries(EXITS).map(([name, { code }]) => [name, code]),
) as { [Name in ExitName]: (typeof EXITS)[Name]["code"] };

/** Each exit code, in the order of the codes. */
export function listExits(): readonly SensorExit[] {
  return Object.values(EXITS);
}
