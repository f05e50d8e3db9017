// Builds dist/attacklens and dist/attacklens-sensor, for this machine and the other targets. It skips a
// program whose sources have not changed since the last build.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Glob } from "bun";
import { runCommand } from "./command.ts";
import { bundleConsole } from "./console-bundle.ts";
import { writeLockedRuntime } from "./locked-runtime.ts";
import { progress, ROOT, TaskError } from "./terminal.ts";
import { disableOptimizers } from "./unoptimized-runtime.ts";
import { writeWindowsResources } from "./windows-resources.ts";

const DIST = join(ROOT, "dist");
const TARGETS = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "windows-x64",
  "darwin-x64",
  "darwin-arm64",
] as const;
export type Target = (typeof TARGETS)[number];

export interface Program {
  name: string;
  /** As Windows and the packages show it. */
  product: string;
  description: string;
  entry: string;
  /** It contains the console, with an entry that adds the console's files to `entry`. */
  hasConsole?: boolean;
  /** Files that run in worker threads. The program contains them under these paths. */
  threads?: string[];
  /** Folders and files whose changes require a new build. */
  sources: string[];
  flags: string[];
  /** Its runs are too short for the optimizing compilers of the runtime, which are turned off. */
  isShort?: boolean;
}

const SHARED_SOURCES = [
  "protocol",
  "package.json",
  "package-lock.json",
  "harness/build.ts",
  "harness/console-bundle.ts",
  "harness/locked-runtime.ts",
  "harness/unoptimized-runtime.ts",
  "harness/windows-resources.ts",
  "harness/without-reference.ts",
  "harness/attacklens.ico",
];
export const SERVER: Program = {
  name: "attacklens",
  product: "AttackLens Server",
  description: "AttackLens console and API",
  entry: "tasks/attacklens.ts",
  hasConsole: true,
  threads: ["server/db/checkpoint-worker.ts", "server/db/read-worker.ts", "server/inventory/items-worker.ts"],
  sources: [...SHARED_SOURCES, "server", "console", "tasks/attacklens.ts"],
  // Libraries omit their development build only if NODE_ENV is "production".
  // If NODE_PG_FORCE_NATIVE is set, the PostgreSQL driver loads its variant in C, which the program does not
  // contain.
  flags: [
    "--splitting",
    '--define=process.env.NODE_ENV="production"',
    "--define=process.env.NODE_PG_FORCE_NATIVE=undefined",
  ],
};
export const SENSOR: Program = {
  name: "attacklens-sensor",
  product: "AttackLens Sensor",
  description: "AttackLens sensor, which reports the inventory of this host",
  entry: "sensor/main.ts",
  sources: [...SHARED_SOURCES, "sensor"],
  // A command loads only its own code.
  flags: ["--splitting"],
  isShort: true,
};

/** Returns the path of a built program; without a target, of the one for this machine. */
export function programPath(program: Program, target?: Target): string {
  const windows = target === undefined ? process.platform === "win32" : target.startsWith("windows");
  return join(DIST, program.name + (target === undefined ? "" : `-${target}`) + (windows ? ".exe" : ""));
}

/**
 * Builds the programs that are not up to date, concurrently: for this machine and the targets. Throws
 * TaskError with the bundler's message.
 */
export async function build(
  options: { all?: boolean; force?: boolean; programs?: Program[]; targets?: Target[] } = {},
) {
  mkdirSync(join(DIST, ".inputs"), { recursive: true });
  const programs = options.programs ?? [SERVER, SENSOR];
  for (const target of [undefined, ...(options.all ? TARGETS : (options.targets ?? []))]) {
    const results = await Promise.allSettled(
      programs.map((program) => buildProgram(program, target, options.force ?? false)),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}

async function buildProgram(program: Program, target: Target | undefined, force: boolean): Promise<void> {
  const path = programPath(program, target);
  const label = path.slice(ROOT.length + 1);
  const stamp = join(DIST, ".inputs", basename(path));
  const commit = await findCommit();
  const inputs = await hashOf(program, target, commit);
  if (!force && (await Bun.file(path).exists()) && readOrEmpty(stamp) === inputs) {
    progress(`${label} is up to date`);
    return;
  }
  const started = performance.now();
  await compile(program, { path, target, commit });
  writeFileSync(stamp, inputs);
  const sizeMegabytes = Math.round(Bun.file(path).size / 1e6);
  progress(`built ${label}, ${sizeMegabytes} MB, in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

interface CompileOptions {
  path: string;
  target?: Target | undefined;
  commit: string;
  /** For tests of upgrades. Absent: the release that the sources name. */
  release?: string | undefined;
  /** For tests of updates. Absent: those of protocol/releases/root-keys.json. */
  rootKeys?: string[] | undefined;
}

/**
 * Writes the program to the path. The same sources and commit result in the same bytes, regardless of the
 * path and of the folder of the sources.
 */
export async function compile(
  program: Program,
  { path, target, commit, release, rootKeys }: CompileOptions,
): Promise<void> {
  // Built in another folder and then renamed: a running program keeps its file, and a failed build does not
  // replace the last good one. The bundler writes the file's base name into the program, so it must be final.
  const folder = mkdtempSync(join(dirname(path), ".build-"));
  try {
    const unfinished = join(folder, basename(path));
    const runtime = join(folder, "runtime");
    writeLockedRuntime(await findRuntime(target, folder), runtime);
    if (program.isShort && (target ?? hostTarget()) === "linux-x64") disableOptimizers(runtime);
    if (target?.startsWith("windows") || (!target && process.platform === "win32"))
      writeWindowsResources(runtime, program, release);
    const command = [process.execPath, "build", "--compile", "--minify", ...program.flags];
    // With its code parsed in advance, a program starts in half the CPU. This requires the format esm.
    command.push("--bytecode", "--format=esm");
    command.push(`--compile-executable-path=${runtime}`, `--define=BUILD_COMMIT=${JSON.stringify(commit)}`);
    command.push(`--define=BUILD_TARGET=${JSON.stringify(target ?? hostTarget())}`);
    if (rootKeys !== undefined) command.push(`--define=BUILD_ROOT_KEYS=${JSON.stringify(rootKeys)}`);
    if (release !== undefined) command.push(`--define=BUILD_RELEASE=${JSON.stringify(release)}`);
    // A program must not load settings or code from files in its working directory.
    command.push("--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig");
    command.push("--no-compile-autoload-tsconfig", "--no-compile-autoload-package-json");
    // Trust the system's CAs, e.g. a company's private CA. On macOS and Windows, only this flag makes the
    // runtime read the system's store.
    command.push("--compile-exec-argv=--use-system-ca");
    // Otherwise, CommonJS libraries would contain the path of the build folder.
    command.push('--define=__dirname="/"', '--define=__filename="/"');
    if (target) command.push(`--target=bun-${target}`);
    const entry = program.hasConsole ? await bundleConsole(DIST) : program.entry;
    const { code, stdout, stderr } = await runCommand(
      [...command, `--outfile=${unfinished}`, entry, ...(program.threads ?? [])],
      { cwd: ROOT },
    );
    if (code !== 0) throw new TaskError(`Cannot build ${basename(path)}:\n${stdout}${stderr}`);
    renameSync(unfinished, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The target of this machine. Bun has another runtime for systems with musl, such as Alpine. */
function hostTarget(): string {
  const isMusl =
    process.platform === "linux" && readdirSync("/lib").some((name) => name.startsWith("libc.musl-"));
  const system = process.platform === "win32" ? "windows" : process.platform;
  return `${system}-${process.arch}${isMusl ? "-musl" : ""}`;
}

/** Returns the path of Bun's published runtime for a target. Downloads it once for another system. */
async function findRuntime(target: Target | undefined, folder: string): Promise<string> {
  if (target === undefined || target === hostTarget()) return process.execPath;
  const runtimes = join(DIST, ".runtimes", target);
  mkdirSync(runtimes, { recursive: true });
  const isRuntime = (name: string) => name.startsWith("bun-") && name.endsWith(`-v${Bun.version}`);
  const find = () => readdirSync(runtimes).find(isRuntime);
  if (find() === undefined) {
    // Bun has no command that only downloads. Building an empty program leaves the runtime in the cache.
    const empty = join(folder, "empty.ts");
    writeFileSync(empty, "");
    const command = [process.execPath, "build", "--compile", `--target=bun-${target}`, empty];
    const { stdout, stderr } = await runCommand([...command, `--outfile=${join(folder, "empty")}`], {
      env: { ...process.env, BUN_INSTALL_CACHE_DIR: runtimes },
    });
    if (find() === undefined)
      throw new TaskError(`Cannot download the runtime for ${target}:\n${stdout}${stderr}`);
  }
  return join(runtimes, find()!);
}

/**
 * Returns the commit to build, followed by `-dirty` if files differ from it. Returns `unknown` outside of a
 * clone, e.g. in an archive.
 */
export async function findCommit(root = ROOT): Promise<string> {
  const git = async (...args: string[]) => {
    const { code, stdout } = await runCommand(["git", "-C", root, ...args]);
    return code === 0 ? stdout.trim() : undefined;
  };
  try {
    // An archive may be unpacked inside a clone of something else.
    if ((await git("rev-parse", "--show-toplevel")) !== realpathSync(root)) return "unknown";
    const commit = await git("rev-parse", "HEAD");
    const changes = await git("status", "--porcelain");
    if (commit === undefined || changes === undefined) return "unknown";
    return changes === "" ? commit : `${commit}-dirty`;
  } catch {
    // git is not installed.
    return "unknown";
  }
}

/** Hashes the names and contents of all sources of a program, without tests and their data. */
async function hashOf(program: Program, target: Target | undefined, commit: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(
    `bun ${Bun.version} ${target ?? process.arch} ${commit}\n`,
  );
  for (const source of program.sources) {
    const isFile = source.includes(".");
    const files = isFile ? [source] : Array.from(new Glob("**/*").scanSync(join(ROOT, source)));
    for (const name of files.sort()) {
      if (/\.test\.tsx?$|(^|\/)(testdata|node_modules|__snapshots__)\//.test(name)) continue;
      const path = isFile ? join(ROOT, name) : join(ROOT, source, name);
      hash.update(`${source}/${name}\n`).update(await Bun.file(path).bytes());
    }
  }
  return hash.digest("hex");
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
