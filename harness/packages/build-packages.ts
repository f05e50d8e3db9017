// npm run build -- --packages: builds the packages of the built programs for the systems that have packages.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type PackageFiles, packageFiles } from "@attacklens/protocol/package-files.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { build, type Program, programPath, SENSOR, SERVER } from "../build.ts";
import { runCommand } from "../command.ts";
import { findOrInstall } from "../debian.ts";
import { progress, ROOT, TaskError } from "../terminal.ts";
import { buildDeb, debName } from "./deb.ts";
import { buildMsi, msiName } from "./msi.ts";
import type { LinuxPackage } from "./package.ts";
import { buildRpm, rpmName } from "./rpm.ts";
import { sourceDate } from "./source-date.ts";

const LINUX_TARGETS = ["linux-x64", "linux-arm64"] as const;

/** The tools, with Debian's package of each. */
const TOOLS = ["dpkg-deb", "rpmbuild", "wixl", "msibuild"];

/** Builds all packages into dist/. Throws TaskError on a system that cannot build them. */
export async function buildPackages(): Promise<void> {
  await findTools();
  await build({ targets: [...LINUX_TARGETS] });
  await build({ programs: [SENSOR], targets: ["windows-x64"] });
  const date = await sourceDate();
  for (const program of [SERVER, SENSOR]) {
    const contents = await readPackageFiles(programPath(program));
    for (const target of LINUX_TARGETS) {
      const source = linuxPackage(program, { contents, target, date, path: programPath(program, target) });
      await place(debName(source), (path, folder) => buildDeb(source, path, folder));
      await place(rpmName(source), (path, folder) => buildRpm(source, path, folder));
    }
  }
  const contents = await readPackageFiles(programPath(SENSOR));
  const path = programPath(SENSOR, "windows-x64");
  const source = { ...SENSOR, contents, release: RELEASE, date, program: path };
  await place(msiName(source), (file, folder) => buildMsi(source, file, folder));
}

export function linuxPackage(
  { product, description }: Program,
  options: Pick<LinuxPackage, "contents" | "target" | "date"> & {
    /** The built program. */
    path: string;
    release?: string;
    isFast?: boolean;
  },
): LinuxPackage {
  const { path, release = RELEASE, isFast = false, ...rest } = options;
  return { ...rest, product, description, release, isFast, program: path };
}

/** Asks a built program for what its packages contain. */
export async function readPackageFiles(program: string): Promise<PackageFiles> {
  const { code, stdout, stderr } = await runCommand([program, "package-files"]);
  if (code !== 0) throw new TaskError(`Cannot read what a package contains: ${program} failed:\n${stderr}`);
  return packageFiles.parse(JSON.parse(stdout));
}

async function findTools(): Promise<void> {
  if (process.platform !== "linux")
    throw new TaskError("Cannot build packages on this system: dpkg-deb and rpmbuild need Linux");
  for (const tool of TOOLS) {
    try {
      await findOrInstall(tool);
    } catch (error) {
      throw new TaskError(`Cannot build packages: ${(error as Error).message}`);
    }
  }
}

/** Builds a package in a folder that is deleted, and then replaces the file in dist/. */
async function place(name: string, buildOne: (path: string, folder: string) => Promise<void>): Promise<void> {
  const started = performance.now();
  const path = join(ROOT, "dist", name);
  mkdirSync(dirname(path), { recursive: true });
  const folder = mkdtempSync(join(dirname(path), ".package-"));
  try {
    const unfinished = join(folder, basename(path));
    await buildOne(unfinished, folder);
    const sizeMegabytes = Math.round(readFileSync(unfinished).length / 1e6);
    renameSync(unfinished, path);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    progress(`built dist/${name}, ${sizeMegabytes} MB, in ${seconds} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
