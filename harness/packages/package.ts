// What the builders of packages share: the files of a Linux package, and starting a tool.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PackageFiles } from "@attacklens/protocol/package-files.ts";
import { runCommand } from "../command.ts";
import { ROOT, TaskError } from "../terminal.ts";

export interface LinuxPackage {
  contents: PackageFiles;
  product: string;
  description: string;
  release: string;
  target: "linux-x64" | "linux-arm64";
  /** The built program. */
  program: string;
  /** Seconds since 1970, for all files. */
  date: number;
  /** For tests: compresses nothing. */
  isFast: boolean;
}

/** Writes the files of a package below an empty folder, as they will be below `/`. */
export function writeTree({ contents, program }: LinuxPackage, tree: string): void {
  const place = (path: string) => {
    const full = join(tree, path);
    makeFolder(dirname(full));
    return full;
  };
  const write = (path: string, text: string, mode: number) => {
    const full = place(path);
    writeFileSync(full, text);
    chmodSync(full, mode);
  };
  const installed = place(contents.program);
  copyFileSync(program, installed);
  chmodSync(installed, 0o755);
  for (const { path, text, mode } of contents.files) write(path, text, mode);
  write(copyrightPath(contents), readFileSync(join(ROOT, "LICENSE"), "utf8"), 0o644);
}

/** Whatever the umask of the user who builds. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}

export function copyrightPath({ name }: PackageFiles): string {
  return `/usr/share/doc/${name}/copyright`;
}

/** Runs a tool in UTC and without the user's settings. Throws with its output if it fails. */
export async function runTool(
  command: string[],
  variables: Record<string, string> = {},
  cwd?: string,
): Promise<string> {
  const env = { PATH: process.env.PATH, TZ: "UTC", LC_ALL: "C.UTF-8", ...variables };
  const { code, stdout, stderr } = await runCommand(command, { env, ...(cwd && { cwd }) });
  if (code !== 0) throw new TaskError(`${command.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}
