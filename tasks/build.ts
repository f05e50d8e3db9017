// npm run build: leaves dist/attacklens and dist/attacklens-sensor for this machine; with --all the other targets too.
// A program whose sources have not changed since it was built is left as it is; --force builds it all the same.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Glob } from "bun";
import { runCommand } from "./command.ts";
import { progress, ROOT, runTask, TaskError } from "./terminal.ts";

const DIST = join(ROOT, "dist");
const TARGETS = ["linux-x64", "linux-arm64", "windows-x64", "darwin-x64", "darwin-arm64"] as const;
type Target = (typeof TARGETS)[number];

interface Program {
  name: string;
  entry: string;
  /** Files that run in threads, which are in the program under these paths. */
  threads: string[];
  /** Folders and files whose contents decide whether it must be built again. */
  sources: string[];
  flags: string[];
}

const SHARED_SOURCES = ["protocol", "package.json", "package-lock.json", "tasks/build.ts"];
export const SERVER: Program = {
  name: "attacklens",
  entry: "tasks/attacklens.ts",
  threads: ["server/db/read-worker.ts", "server/inventory/items-worker.ts"],
  sources: [...SHARED_SOURCES, "server", "console", "tasks/attacklens.ts"],
  // The page's libraries leave out their development build only when they are told.
  flags: ["--splitting", '--define=process.env.NODE_ENV="production"'],
};
export const SENSOR: Program = {
  name: "attacklens-sensor",
  entry: "sensor/main.ts",
  threads: [],
  sources: [...SHARED_SOURCES, "sensor"],
  flags: [],
};

/** Where a program is left; without a target, the one for this machine. */
export function programPath(program: Program, target?: Target): string {
  const windows = target === undefined ? process.platform === "win32" : target.startsWith("windows");
  return join(DIST, program.name + (target === undefined ? "" : `-${target}`) + (windows ? ".exe" : ""));
}

/** Builds what is not up to date, both programs at a time. Throws TaskError with the bundler's words. */
export async function build(options: { all?: boolean; force?: boolean; programs?: Program[] } = {}) {
  mkdirSync(join(DIST, ".inputs"), { recursive: true });
  const programs = options.programs ?? [SERVER, SENSOR];
  for (const target of [undefined, ...(options.all ? TARGETS : [])]) {
    const results = await Promise.allSettled(
      programs.map((program) => buildProgram(program, target, options.force ?? false)),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}

async function buildProgram(program: Program, target: Target | undefined, force: boolean): Promise<void> {
  const path = programPath(program, target);
  const label = path.slice(ROOT.length + 1);
  const stamp = join(DIST, ".inputs", path.slice(DIST.length + 1));
  const inputs = await hashOf(program, target);
  if (!force && (await Bun.file(path).exists()) && readOrEmpty(stamp) === inputs) {
    progress(`${label} is up to date`);
    return;
  }
  const started = performance.now();
  // Built under another name and renamed: a running program keeps its file, a failed build leaves the last good one.
  const unfinished = join(DIST, `.${process.pid}-${path.slice(DIST.length + 1)}`);
  const command = [process.execPath, "build", "--compile", "--minify", ...program.flags];
  // A program must not take settings from files that happen to lie in the folder it is started in.
  command.push("--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig");
  // Who the machine trusts, e.g. a company's own CA, is trusted by us: on macOS and Windows nothing else reads the system's store.
  command.push("--compile-exec-argv=--use-system-ca");
  if (target) command.push(`--target=bun-${target}`);
  const { code, stdout, stderr } = await runCommand(
    [...command, `--outfile=${unfinished}`, program.entry, ...program.threads],
    {
      cwd: ROOT,
    },
  );
  if (code !== 0) {
    rmSync(unfinished, { force: true });
    throw new TaskError(`Cannot build ${label}:\n${stdout}${stderr}`);
  }
  renameSync(unfinished, path);
  writeFileSync(stamp, inputs);
  const sizeMegabytes = Math.round(Bun.file(path).size / 1e6);
  progress(`built ${label}, ${sizeMegabytes} MB, in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Hash over the names and contents of everything that a program is built from, tests and their data left out. */
async function hashOf(program: Program, target: Target | undefined): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256").update(`bun ${Bun.version} ${target ?? process.arch}\n`);
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

if (import.meta.main) {
  const { values } = parseArgs({ options: { all: { type: "boolean" }, force: { type: "boolean" } } });
  await runTask("build", async () => {
    await build(values);
    return 0;
  });
}
