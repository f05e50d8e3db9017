// The sensor's command line: picks the command and ends with its exit code.
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

enroll trades an enrollment token for an identity of this host's own, and forgets
the token. It is safe to repeat: a host that its server knows stays what it is, and one
that was cut off goes on with the same key. If the server no longer knows the host, or
is another server, --replace makes the host a new sensor; so does a token that
re-enrolls lost sensors. When the server cannot be reached it
goes on trying for SECONDS (60). The token comes from FILE, from standard input
(-), or from the variable ATTACKLENS_TOKEN; --token VALUE works too, but shows in
the list of processes. A re-enroll ticket in place of the token gives this host a
sensor that exists, which another key had before.

PIN (sha256:...) is that of a server's private CA, as the console shows it: nothing is
sent to a server without it, and nothing else is trusted from then on. Requests go
through the proxy that is given, http://USER:PASSWORD@HOST:PORT, or that HTTPS_PROXY,
ALL_PROXY and NO_PROXY say.

check looks at what enroll needs, a line for each step with what to do about it:
name, proxy, certificate, pin, server, clock, token, network, group. It spends no use of
the token.

run checks in every minute and reports what has changed; --once does it one time.
collect prints as JSON what run would report, and sends nothing.
status says how the sensor last got on with its server, without asking it.

unenroll tells the server that this sensor is uninstalled and forgets the key;
--force forgets it even when the server cannot be told.

URL is https://…, or http://… for a server on this very host. DIR holds the
identity: /var/lib/attacklens-sensor for root on Linux, or what the variable
ATTACKLENS_STATE names.

Exit codes:
  0  done                             7  it waits for a person's approval
  1  failed unexpectedly              8  it is blocked
  2  wrong usage                      9  the server does not know it
  3  token or ticket is malformed    10  another server answers
     or refused                      11  this host's clock is wrong
  4  the server cannot be reached    12  the server is in trouble
  5  no identity, or it cannot be    13  its key is another host's, or was
     read or written                     replaced by a ticket
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
          command === undefined ? "no command is given" : `there is no command ${JSON.stringify(command)}`;
        throw new SensorError("usage", what, "attacklens-sensor help shows the commands and their options");
      }
    }
  } catch (error) {
    return explain(error);
  }
}

const exitCode = await main(process.argv.slice(2));
await flushErrors();
// A standard error that nobody reads would keep the program from ending.
process.exit(exitCode);
