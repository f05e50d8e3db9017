// How a host starts sshd: the options of its service, and the addresses of a socket unit that starts it.
import { listMatching } from "../../glob.ts";
import type { HostFiles } from "../../host-files.ts";
import { lastOf, wordsOf } from "../../services/unit-file.ts";
import { parseAssignments } from "../../system/os-release.ts";
import { isUnitWanted, readUnit, type UnitText } from "../systemd-unit.ts";
import { parseSshdOptions, type SshdOptions } from "./options.ts";
import { splitArguments } from "./words.ts";

/** The names of Debian, then of all others. */
const NAMES = ["ssh", "sshd"];

/** The variables of init scripts, by file. */
const SCRIPTS = [
  { path: "/etc/default/ssh", variable: "SSHD_OPTS" },
  { path: "/etc/sysconfig/sshd", variable: "OPTIONS" },
  { path: "/etc/sysconfig/ssh", variable: "SSHD_OPTS" },
  { path: "/etc/conf.d/sshd", variable: "SSHD_OPTS" },
  { path: "/etc/sysconfig/sshd", variable: "SSHD_OPTS" },
];

export interface SshdStart extends SshdOptions {
  /** What sets the options. */
  source: string;
}

interface Variable {
  value: string;
  source: string;
}

export function readSshdStart(files: HostFiles): SshdStart | undefined {
  for (const name of NAMES) {
    const unit = readUnit(files, `${name}.service`);
    const command = unit?.settings.get("Service.ExecStart")?.find((each) => each.includes("sshd"));
    if (unit && command !== undefined) return startOf(command, readEnvironment(files, unit), unit.path);
  }
  for (const { path, variable } of SCRIPTS) {
    const value = parseAssignments(files.findText(path) ?? "").get(variable);
    if (value) return { ...parseSshdOptions(shellWords(value)), source: path };
  }
  return undefined;
}

/** The source is the file of the variable, if options come from one. */
function startOf(command: string, variables: ReadonlyMap<string, Variable>, path: string): SshdStart {
  let source = path;
  const words = shellWords(command).flatMap((word) => {
    // `$NAME` as a word becomes words, and `${NAME}` stays in its word.
    const variable = /^\$\w+$/.test(word)
      ? (variables.get(word.slice(1)) ?? { value: "", source })
      : undefined;
    if (variable?.value) source = variable.source;
    return variable
      ? shellWords(variable.value)
      : word.replace(/\$\{(\w+)\}/g, (_, name) => variables.get(name)?.value ?? "");
  });
  return { ...parseSshdOptions(words.slice(1)), source };
}

/** Assignments in the unit, then in the files that it names. */
function readEnvironment(files: HostFiles, { path, settings }: UnitText): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const value of settings.get("Service.Environment") ?? [])
    for (const word of shellWords(value)) {
      const equals = word.indexOf("=");
      if (equals > 0) variables.set(word.slice(0, equals), { value: word.slice(equals + 1), source: path });
    }
  for (const value of settings.get("Service.EnvironmentFile") ?? [])
    for (const file of listMatching(files, value.replace(/^-/, "")))
      for (const [name, each] of parseAssignments(files.findText(file) ?? ""))
        variables.set(name, { value: each, source: file });
  return variables;
}

function shellWords(text: string): string[] {
  return splitArguments(text) ?? text.split(/\s+/).filter(Boolean);
}

/** Ubuntu's generator writes drop-ins of the socket from the ports in sshd_config when the host starts. */
const GENERATORS = ["/usr/lib/systemd/system-generators", "/lib/systemd/system-generators"].map(
  (folder) => `${folder}/sshd-socket-generator`,
);
const DROP_INS = ["/run/systemd/generator/ssh.socket.d", "/etc/systemd/system/ssh.socket.d"];

export interface SshdSocket {
  /** As in the unit: ports, addresses with a port, paths. */
  streams: string[];
  source: string;
}

/** Undefined if sshd itself listens. */
export function findSshdSocket(files: HostFiles): SshdSocket | undefined {
  for (const name of NAMES) {
    const socket = `${name}.socket`;
    const unit = isUnitWanted(files, socket) ? readUnit(files, socket) : undefined;
    const streams = unit?.settings.get("Socket.ListenStream") ?? [];
    if (unit === undefined || streams.length === 0) continue;
    // Starting the service stops such a socket.
    const service = `${name}.service`;
    if (wordsOf(unit.settings, "Unit.Conflicts").includes(service) && isUnitWanted(files, service)) continue;
    const isGenerated =
      GENERATORS.some((path) => files.exists(path)) && !DROP_INS.some((folder) => files.exists(folder));
    if (!isGenerated && lastOf(unit.settings, "Socket.ListenStream")) return { streams, source: unit.path };
  }
  return undefined;
}
