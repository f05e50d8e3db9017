// The programs that run on the host, to find the packages that they use. Programs of containers are left out:
// their packages belong to the image. Arguments are read only to find a script or a jar, and never reported.
import { statSync } from "node:fs";
import { join, posix } from "node:path";
import { parseCount } from "../../collector.ts";
import { firstOf } from "../../first-of.ts";
import type { HostFiles } from "../../host-files.ts";

export interface RunningProgram {
  pid: number;
  /** The path of its program on the host, e.g. /usr/bin/python3.11. */
  executable: string;
}

const MAX_ARGUMENTS_BYTES = 128 * 1024;
const MAX_MAPS_BYTES = 4 * 1024 * 1024;
const MAX_DESCRIPTORS = 20_000;

export function listRunningPrograms(files: HostFiles): RunningProgram[] {
  const programs: RunningProgram[] = [];
  const isOfHost = rootComparison(files);
  for (const name of files.list("/proc")) {
    const pid = parseCount(name);
    const executable = pid === undefined ? undefined : files.findLink(`/proc/${pid}/exe`);
    if (pid === undefined || executable === undefined || !executable.startsWith("/")) continue;
    if (isOfHost(pid)) programs.push({ pid, executable: executable.replace(/ \(deleted\)$/, "") });
  }
  return programs;
}

/**
 * Whether the root folder of a process is that of the host. Services in namespaces of systemd have it, too.
 */
function rootComparison({ root, isRunning }: HostFiles): (pid: number) => boolean {
  if (!isRunning) return () => true;
  const own = statSync(root);
  return (pid) => {
    try {
      const { dev, ino } = statSync(join(root, `proc/${pid}/root`));
      return dev === own.dev && ino === own.ino;
    } catch {
      return false;
    }
  };
}

/** Empty if the program has ended or belongs to another user. */
export function readArguments(files: HostFiles, { pid }: RunningProgram): string[] {
  return (files.findText(`/proc/${pid}/cmdline`, MAX_ARGUMENTS_BYTES) ?? "").split("\0").slice(0, -1);
}

export function readWorkingFolder(files: HostFiles, { pid }: RunningProgram): string | undefined {
  const folder = files.findLink(`/proc/${pid}/cwd`);
  return folder?.startsWith("/") && !folder.endsWith(" (deleted)") ? folder : undefined;
}

/** The path of an argument, which may start at the working folder; undefined if it is empty. */
export function pathOfArgument(folder: string | undefined, argument: string | undefined): string | undefined {
  if (!argument || argument.includes("\n")) return undefined;
  if (argument.startsWith("/")) return posix.normalize(argument);
  return folder === undefined ? undefined : posix.join(folder, argument);
}

/** The files that the program has mapped into its memory, such as its native modules. */
export function* listMappedFiles(files: HostFiles, { pid }: RunningProgram): Generator<string> {
  const text = files.findText(`/proc/${pid}/maps`, MAX_MAPS_BYTES) ?? "";
  let last = "";
  for (const line of text.split("\n")) {
    const start = line.indexOf("/");
    const path = start < 0 ? "" : line.slice(start);
    if (path !== "" && path !== last) yield path;
    last = path;
  }
}

/** The files that the program has opened. */
export function* listOpenFiles(files: HostFiles, { pid }: RunningProgram): Generator<string> {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of firstOf(files, folder, files.list(folder), MAX_DESCRIPTORS, "read")) {
    const path = files.findLink(`${folder}/${descriptor}`);
    if (path?.startsWith("/")) yield path;
  }
}

/** A folder and those above it, the nearest first, without the root folder. */
export function ancestorsOf(folder: string): string[] {
  const ancestors: string[] = [];
  for (let each = folder; each !== "/" && ancestors.length < 20; each = posix.dirname(each))
    ancestors.push(each);
  return ancestors;
}
