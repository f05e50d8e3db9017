// The sensor's command line: runs the command and exits with its exit code.
import { checkCommand } from "./commands/check.ts";
import { collectCommand } from "./commands/collect.ts";
import { enrollCommand } from "./commands/enroll.ts";
import { runCommand } from "./commands/run.ts";
import { statusCommand } from "./commands/status.ts";
import { explain, flushErrors, note, print } from "./commands/terminal.ts";
import { unenrollCommand } from "./commands/unenroll.ts";
import { versionCommand } from "./commands/version.ts";
import { EXIT_CODES, SensorError } from "./sensor-error.ts";
import { dropWeakening } from "./settings.ts";

const USAGE = `Usage:
  attacklens-sensor enroll --server URL (--token-file FILE | --token -) [--ca-pin PIN]
                           [--proxy URL] [--wait SECONDS] [--replace] [--state DIR]
  attacklens-sensor check --server URL [--token-file FILE | --token -] [--ca-pin PIN] [--proxy URL]
  attacklens-sensor run [--once] [--state DIR]
  attacklens-sensor collect
  attacklens-sensor status [--json] [--state DIR]
  attacklens-sensor unenroll [--force] [--state DIR]
  attacklens-sensor version [--json]

Commands:
  enroll    Enrolls this host with an enrollment token and saves its identity. The token
            is not saved. You can repeat the command: an enrolled host keeps its identity,
            and an interrupted enrollment continues with the same key.
  check     Preflight check: tests each step of an enrollment and prints a hint for each
            problem. The steps are name, proxy, certificate, pin, server, clock, token,
            network and group. Takes no use of the token.
  run       Checks in every minute and reports changes. --once runs one check-in.
  collect   Prints the inventory as JSON and sends nothing.
  status    Shows the result of the last check-in, without contacting the server.
  unenroll  Unenrolls this sensor on the server and removes its key. --force removes the
            key even if the server cannot be reached or refuses.
  version   Shows the version. --json shows the build.

Options:
  --server URL      Address of the server: https://..., or http://... on this host only.
  --token-file FILE Reads the enrollment token from FILE. --token - reads it from standard
                    input. The environment variable ATTACKLENS_TOKEN works too. Avoid
                    --token VALUE: the process list shows it. A re-enrollment ticket
                    instead of a token gives this host an existing sensor.
  --ca-pin PIN      Pin (sha256:...) of the server's private CA, as shown in the console.
                    The sensor then trusts only this CA, and sends nothing to a server
                    without it.
  --proxy URL       Proxy for all requests, http://USER:PASSWORD@HOST:PORT. Default: the
                    variables HTTPS_PROXY, ALL_PROXY and NO_PROXY.
  --wait SECONDS    How long to retry if the server cannot be reached. Default: 60.
  --replace         Enrolls this host as a new sensor if the server has no record of it, or
                    is another server. A token that re-enrolls lost sensors does the same.
  --state DIR       Folder for the identity. Default: the variable ATTACKLENS_STATE, or
                    /var/lib/attacklens-sensor for root on Linux.

Exit codes:
  0  success                           7  the sensor is awaiting approval
  1  unexpected error                  8  the sensor is blocked
  2  invalid usage                     9  the server has no record of the sensor
  3  token or ticket is malformed     10  server identity mismatch
     or refused                       11  this host's clock is wrong
  4  the server cannot be reached     12  the server has a problem
  5  no identity, or it cannot be     13  another host owns the key, or a ticket
     read or written                      has replaced it
  6  the server refuses the sensor
     for another reason

Example:
  $ sudo attacklens-sensor enroll --server https://attacklens.example.com --token-file token.txt
  $ sudo attacklens-sensor run
`;

async function main(args: string[]): Promise<number> {
  const { notice, trustNotice } = dropWeakening();
  if (notice) note(notice);
  const exitCode = await runOne(args);
  if (trustNotice && exitCode === EXIT_CODES.wrongServer) note(trustNotice);
  return exitCode;
}

async function runOne([command, ...rest]: string[]): Promise<number> {
  try {
    if (rest.includes("--help") || rest.includes("-h")) {
      print(USAGE.trimEnd());
      return EXIT_CODES.done;
    }
    switch (command) {
      case "enroll":
        await enrollCommand(rest);
        return EXIT_CODES.done;
      case "check":
        return await checkCommand(rest);
      case "run":
        await runCommand(rest);
        return EXIT_CODES.done;
      case "collect":
        await collectCommand(rest);
        return EXIT_CODES.done;
      case "status":
        return await statusCommand(rest);
      case "unenroll":
        await unenrollCommand(rest);
        return EXIT_CODES.done;
      case "version":
      case "--version":
        versionCommand(rest);
        return EXIT_CODES.done;
      case "help":
      case "--help":
      case "-h":
        print(USAGE.trimEnd());
        return EXIT_CODES.done;
      default: {
        const what =
          command === undefined ? "no command given" : `unknown command ${JSON.stringify(command)}`;
        throw new SensorError("usage", what, "attacklens-sensor help lists all commands and options");
      }
    }
  } catch (error) {
    return explain(error);
  }
}

const exitCode = await main(process.argv.slice(2));
await flushErrors();
// Without this, a standard error without a reader keeps the process alive.
process.exit(exitCode);
