// The installation scripts of this server: install.sh and install.ps1, with its address, its private CA, and
// the hashes of the programs in the signed manifest.
import { CHECK_MACHINE } from "@attacklens/protocol/check-machine.ts";
import { quotePowerShell, quoteShell } from "@attacklens/protocol/releases/quote.ts";
import type { Connection } from "../certificates/connection.ts";
import powerShellTemplate from "./install.ps1" with { type: "text" };
import shellTemplate from "./install.sh" with { type: "text" };
import type { OfferedRelease } from "./offered-releases.ts";

type ConnectionFacts = Pick<Connection, "sensorUrl" | "roots" | "caFiles">;
type Facts = Pick<OfferedRelease, "manifest" | "files">;

export interface InstallScripts {
  shell(release: Facts): string;
  powerShell(release: Facts): string;
}

export function openInstallScripts(connection: ConnectionFacts): InstallScripts {
  const factsOf = (release: Facts) => ({
    version: release.manifest.version,
    seconds: String(Math.floor(Date.parse(release.manifest.created) / 1000)),
    server: connection.sensorUrl() ?? "",
    pins: connection.roots()?.pins.join(" ") ?? "",
    ca: connection.caFiles().join("").trim(),
    programs: listPrograms(release),
  });
  return {
    shell(release) {
      const { version, seconds, server, pins, ca, programs } = factsOf(release);
      const values = {
        release_version: version,
        release_seconds: seconds,
        default_server: server,
        server_pins: pins,
        server_ca: ca,
        programs,
      };
      const machineCheck = CHECK_MACHINE.replaceAll(/^(?=.)/gm, "  ");
      const filled = fill(shellTemplate, values, (name) => `  ${name}=''`, shellAssignment);
      return replaceOnce(filled, "  # @machine-check@", machineCheck);
    },
    powerShell(release) {
      const { version, server, pins, ca, programs } = factsOf(release);
      const values = {
        ReleaseVersion: version,
        DefaultServer: server,
        ServerPins: pins,
        ServerCa: ca,
        Programs: programs,
      };
      return fill(powerShellTemplate, values, (name) => `  $${name} = ''`, powerShellAssignment);
    },
  };
}

/** One line for each program of the sensor that this server has. */
function listPrograms({ files }: Facts): string {
  return [...files.values()]
    .filter(({ file }) => file.program === "sensor" && file.format === "program")
    .map(({ file: { target, size, sha256, name } }) => `${target} ${size} ${sha256} ${name}`)
    .join("\n");
}

const shellAssignment = (name: string, value: string) => `  ${name}=${quoteShell(value)}`;
const powerShellAssignment = (name: string, value: string) => `  $${name} = ${quotePowerShell(value)}`;

function fill(
  template: string,
  values: Record<string, string>,
  emptyLine: (name: string) => string,
  assign: (name: string, value: string) => string,
): string {
  return Object.entries(values).reduce(
    (text, [name, value]) => replaceOnce(text, emptyLine(name), assign(name, value)),
    template,
  );
}

/** A template that lost a line would install nothing, or something else. */
function replaceOnce(text: string, line: string, by: string): string {
  const parts = `\n${text}`.split(`\n${line}\n`);
  if (parts.length !== 2) throw new Error(`The template must have the line ${JSON.stringify(line)} once`);
  return parts.join(`\n${by}\n`).slice(1);
}
