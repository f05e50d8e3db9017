// Packages for tests: built of this clone, in two versions, without compression.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { compile, findCommit, type Program, programPath } from "../../harness/build.ts";
import { linuxPackage, readPackageFiles } from "../../harness/packages/build-packages.ts";
import { buildDeb, debName } from "../../harness/packages/deb.ts";
import type { LinuxPackage } from "../../harness/packages/package.ts";
import { buildRpm, rpmName } from "../../harness/packages/rpm.ts";

/** Any time: the same for all test packages. */
const DATE = 1_795_000_000;
/** The packages are tested on this machine, so they are for its CPU. */
const TARGET = process.arch === "arm64" ? "linux-arm64" : "linux-x64";

export interface TestPackage {
  source: LinuxPackage;
  /** Path of the file. */
  path: string;
}

/** Returns the source of the program's packages as that release. Compiles it unless that is the built one. */
export async function compileRelease(
  program: Program,
  release: string,
  folder: string,
): Promise<LinuxPackage> {
  if (release === RELEASE) return await packageBuilt(program, release);
  const path = join(folder, `${program.name}-${release}`, program.name);
  if (!existsSync(path)) {
    mkdirSync(join(path, ".."), { recursive: true });
    await compile(program, { path, commit: await findCommit(), release });
  }
  return await packageBuilt(program, release, path);
}

/** Returns the source of packages of that release. `path`: the program in them; absent: the built one. */
export async function packageBuilt(
  program: Program,
  release: string,
  path = programPath(program),
): Promise<LinuxPackage> {
  const contents = await readPackageFiles(programPath(program));
  return linuxPackage(program, { contents, target: TARGET, date: DATE, path, release, isFast: true });
}

export async function makeDeb(source: LinuxPackage, folder: string): Promise<TestPackage> {
  const path = join(folder, debName(source));
  await buildDeb(source, path, newFolder(folder, "deb"));
  return { source, path };
}

export async function makeRpm(source: LinuxPackage, folder: string): Promise<TestPackage> {
  const path = join(folder, rpmName(source));
  await buildRpm(source, path, newFolder(folder, "rpm"));
  return { source, path };
}

function newFolder(parent: string, name: string): string {
  const path = join(parent, `${name}-${crypto.randomUUID()}`);
  mkdirSync(path);
  return path;
}
