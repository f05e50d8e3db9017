// Runs `bun test` on paths, passes its output through, and reads the counts from its JUnit report.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Glob } from "bun";
import { findFastFolder } from "../harness/fast-folder.ts";
import { ROOT } from "../harness/terminal.ts";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** The times of all tests except skipped ones. */
  times: TestTime[];
  failures: TestFailure[];
}

export interface TestFailure {
  /** Includes the file and the names of the test's groups. */
  name: string;
  /** Empty if the test states none. */
  message: string;
}

export interface TestTime {
  /** Includes the names of its groups. */
  name: string;
  file: string;
  seconds: number;
  /** The time of the whole file, including hooks. */
  fileSeconds: number;
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0, times: [], failures: [] };

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
    times: [...sum.times, ...counts.times],
    failures: [...sum.failures, ...counts.failures],
  }));
}

export interface BunTestRun {
  /** Files and folders relative to the top folder. */
  paths: string[];
  /** Added to the environment of this process. */
  environment?: Record<string, string>;
  timeoutMs?: number;
  /** Test files that run concurrently beyond one for each core. For tests that often wait. */
  extraWorkers?: number;
  /** The files that take longest, and their seconds. They start first, so that no core idles at the end. */
  slowFiles?: Readonly<Record<string, number>>;
}

/**
 * Longer than the deadlines of wait-until.ts and browser.ts, which name the missing condition. Long enough
 * for slow machines.
 */
const TIMEOUT_MS = 120_000;
/** For tests that run the built programs, also in a browser. */
export const BUILT_TIMEOUT_MS = 180_000;

/** All temporary folders of a run: copies of the programs and of the sources. */
const FOLDERS_BYTES = 4e9;

/** Milliseconds by file, as Bun writes them. It ignores them if most files are missing. */
function timingsOf({ paths, slowFiles = {} }: BunTestRun): Record<string, number> {
  const files = paths.flatMap((path) =>
    path.includes(".") ? [path] : Array.from(new Glob(`${path}/**/*.test.{ts,tsx}`).scanSync(ROOT)),
  );
  return Object.fromEntries(files.map((file) => [file, (slowFiles[file] ?? 1) * 1000]));
}

/** A run that fails without a failed test, or that finds no test, counts as one failure. */
export async function runBunTest(run: BunTestRun): Promise<Counts> {
  const folder = mkdtempSync(join(findFastFolder(FOLDERS_BYTES), "attacklens-tests-"));
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  // Tests that run programs as another account create folders below this one for it.
  chmodSync(folder, 0o711);
  const report = join(folder, "report.xml");
  const timings = join(folder, "timings.json");
  writeFileSync(timings, JSON.stringify({ version: 1, files: timingsOf(run) }));
  try {
    const child = Bun.spawn(
      [
        ...[process.execPath, "--no-env-file", "test"],
        ...["--preload", join(ROOT, "harness/fail-on-console-error.ts")],
        ...["--reporter=junit", `--reporter-outfile=${report}`],
        `--timings=${timings}`,
        `--parallel=${availableParallelism() + (run.extraWorkers ?? 0)}`,
        // Files in one worker share loaded modules and common resources: loading the server takes half a
        // second.
        "--no-isolate",
        `--timeout=${run.timeoutMs ?? TIMEOUT_MS}`,
        ...run.paths.map((path) => `./${path}`),
      ],
      {
        cwd: ROOT,
        // Deleting this folder also deletes the files of tests that did not finish.
        // The optimizing compiler costs more CPU in a worker than its code saves before the worker ends.
        env: { ...process.env, BUN_JSC_useFTLJIT: "false", TMPDIR: temporary, ...run.environment },
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
      },
    );
    const code = await child.exited;
    const file = Bun.file(report);
    const counts = (await file.exists()) ? parseJUnitCounts(await file.text()) : NO_TESTS;
    const nothingRan = counts.passed + counts.failed === 0;
    if ((code === 0 || counts.failed > 0) && !nothingRan) return counts;
    const message = nothingRan
      ? "no test ran"
      : "no test failed, but an error was thrown outside of the tests";
    const failure = { name: `bun test ${run.paths.join(" ")} (exit code ${code})`, message };
    return { ...counts, failed: 1, failures: [failure] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the totals from the outermost element. */
export function parseJUnitCounts(xml: string): Counts {
  const totals = readAttributes(/<testsuites\b[^>]*>/.exec(xml)?.[0] ?? "");
  const total = (name: string) => Number(totals[name] ?? 0);
  const failed = total("failures") + total("errors");
  const skipped = total("skipped");
  return {
    passed: total("tests") - failed - skipped,
    failed,
    skipped,
    times: parseTimes(xml),
    failures: parseFailures(xml),
  };
}

function parseTimes(xml: string): TestTime[] {
  const elements = (name: string) =>
    Array.from(xml.matchAll(new RegExp(`<${name} [^>]*>(?!\\s*<skipped)`, "g")), ([tag]) =>
      readAttributes(tag),
    );
  const fileSeconds = new Map<string, number>();
  // Files and the groups in them have elements of the same kind. The name of a file's element is the file.
  for (const { name = "", file, time } of elements("testsuite"))
    if (name === file) fileSeconds.set(name, Number(time));
  return elements("testcase").map(({ name = "", classname, file = "", time }) => ({
    name: classname ? `${classname} > ${name}` : name,
    file,
    seconds: Number(time),
    fileSeconds: fileSeconds.get(file) ?? 0,
  }));
}

function parseFailures(xml: string): TestFailure[] {
  // A test without a failure has an element without content.
  const failed = xml.matchAll(/(<testcase [^>]*[^/]>)\s*(<(?:failure|error)\b[^>]*>)/g);
  return Array.from(failed, ([, test, failure]) => {
    const { name = "", classname, file = "" } = readAttributes(test!);
    const message = readAttributes(failure!).message ?? "";
    return { name: `${file}: ${classname ? `${classname} > ${name}` : name}`, message };
  });
}

function readAttributes(tag: string): Record<string, string | undefined> {
  const attributes = tag.matchAll(/\b([\w-]+)="([^"]*)"/g);
  return Object.fromEntries(Array.from(attributes, ([, name, value]) => [name, unescapeXml(value!)]));
}

const XML_ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (entity, code?: string, name?: string) =>
    code ? String.fromCodePoint(Number(code)) : (XML_ENTITIES[name!] ?? entity),
  );
}

/** Returns one line for each of the slowest tests, the slowest first, with the time of its whole file. */
export function describeSlowest(times: readonly TestTime[], count = 20): string {
  const slowest = times.toSorted((one, other) => other.seconds - one.seconds).slice(0, count);
  const inSeconds = (seconds: number) => `${seconds.toFixed(1)} s`.padStart(7);
  return slowest
    .map(
      ({ name, file, seconds, fileSeconds }) =>
        `${inSeconds(seconds)} of ${inSeconds(fileSeconds)} in ${file}: ${name.replace(/\s+/g, " ")}`,
    )
    .join("\n");
}

/** Returns the name and the message of each failure. Long messages are cut: the whole is further up. */
export function describeFailures(failures: readonly TestFailure[], maxLines = 12): string {
  return failures
    .map(({ name, message }) => {
      const lines = message.trimEnd().split("\n").slice(0, maxLines);
      return [`failed: ${name}`, ...lines.map((line) => `    ${line}`)].join("\n").trimEnd();
    })
    .join("\n");
}
