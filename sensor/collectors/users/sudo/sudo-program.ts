// The sudo that is installed: where, which version, and what sudo.conf(5) tells it. Package databases are not
// asked: a sudo built on the host has no package, and a removed package leaves its configuration behind.
import { findMainFile } from "../../configuration.ts";
import type { HostFiles } from "../../host-files.ts";
import { parseSudoVersion, type SudoVersion } from "./sudo-version.ts";

const FOLDERS = [
  "/usr/bin",
  "/bin",
  "/usr/local/bin",
  "/usr/sbin",
  "/sbin",
  "/usr/local/sbin",
  "/run/wrappers/bin",
  "/usr/lib/cargo/bin",
  "/opt/sudo/bin",
];
const NAMES = ["sudo", "sudo.ws", "sudo-rs"];
const MAX_PROGRAM_BYTES = 16 * 1024 * 1024;
/** The program contains its version as a separate text. */
const VERSION_IN_PROGRAM = /\0(1\.[89]\.\d{1,2}(?:p\d{1,2})?)\0/;

export interface SudoProgram {
  /** Undefined: not known, or not Todd Miller's sudo. */
  version: SudoVersion | undefined;
  /** The Rust program reads its own file first. */
  isRust: boolean;
}

/** Undefined without sudo. */
export function findSudoProgram(files: HostFiles): SudoProgram | undefined {
  const found = NAMES.flatMap((name) => FOLDERS.map((folder) => `${folder}/${name}`)).find(files.exists);
  if (found === undefined) return undefined;
  const bytes = files.findBytes(found, MAX_PROGRAM_BYTES);
  const text = bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") : "";
  const version = VERSION_IN_PROGRAM.exec(text)?.[1];
  return {
    version: version === undefined ? undefined : parseSudoVersion(version),
    isRust: found.endsWith("-rs") || (version === undefined && text.includes("sudo-rs")),
  };
}

export function hasDoas(files: HostFiles): boolean {
  return FOLDERS.some((folder) => files.exists(`${folder}/doas`));
}

export interface SudoSources {
  /** The sudoers file. Undefined: sudo does not read one. */
  path: string | undefined;
  /** From sudo.conf: false makes sudo refuse everything after an invalid line. */
  recovers: boolean;
}

/** Which sources sudo asks. Those that are not files are gaps. */
export function findSudoSources(files: HostFiles, program: SudoProgram): SudoSources {
  const { file, recovers } = readSudoConf(files);
  const rust = program.isRust && files.exists("/etc/sudoers-rs") ? "/etc/sudoers-rs" : undefined;
  const path = file ?? rust ?? ["/etc/sudoers", "/usr/etc/sudoers"].find(files.exists);
  const services = program.isRust ? [] : readServices(findMainFile(files, "nsswitch")?.text ?? "");
  for (const service of services.filter((each) => each !== "files"))
    files.noteGap({
      kind: "not-understood",
      subject: "nsswitch.conf",
      reason: `sudo also asks ${service} for rules, which are not read`,
    });
  // Only some builds ask LDAP. The others ignore the word.
  const asksFiles = services.length === 0 || services.includes("files") || !services.includes("sss");
  return { path: asksFiles ? path : undefined, recovers };
}

/** The line `sudoers:` of nsswitch.conf(5). */
function readServices(text: string): string[] {
  const line = text
    .split("\n")
    .map((each) => (each.split("#", 1)[0] ?? "").trim())
    .find((each) => each.toLowerCase().startsWith("sudoers:"));
  const words = line?.slice("sudoers:".length).trim().toLowerCase().split(/\s+/) ?? [];
  return words.filter((word) => ["files", "sss", "ldap"].includes(word));
}

/** `Plugin sudoers_policy sudoers.so sudoers_file=/etc/sudoers error_recovery=false` */
function readSudoConf(files: HostFiles): { file: string | undefined; recovers: boolean } {
  const text = files.findText("/etc/sudo.conf") ?? files.findText("/usr/etc/sudo.conf") ?? "";
  let file: string | undefined;
  let recovers = true;
  for (const line of text.split("\n")) {
    const [keyword, symbol = "", plugin = "", ...options] = (line.split("#", 1)[0] ?? "").trim().split(/\s+/);
    if (keyword !== "Plugin") continue;
    if (!/(?:^|\/)sudoers\.so$/.test(plugin) && symbol !== "sudoers_policy") {
      if (/polic/i.test(symbol))
        files.noteGap({
          kind: "not-understood",
          subject: "/etc/sudo.conf",
          reason: "another plugin decides",
        });
      continue;
    }
    for (const option of options) {
      if (option.startsWith("sudoers_file=")) file = option.slice("sudoers_file=".length);
      if (/^error_recovery=(?:false|no|off|0)$/i.test(option)) recovers = false;
    }
  }
  return { file, recovers };
}
