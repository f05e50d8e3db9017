// Runs `bun test` on paths, lets its output through, and counts what it ran from its JUnit report.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../harness/terminal.ts";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Of the tests that bun ran, skipped ones left out. */
  times: TestTime[];
}

export interface TestTime {
  /** With the names of the groups around it. */
  name: string;
  file: string;
  seconds: number;
  /** Of the whole file, with its hooks. */
  fileSeconds: number;
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0, times: [] };

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
    times: [...sum.times, ...counts.times],
  }));
}

export interface BunTestRun {
  /** Files and folders relative to the top folder. */
  paths: string[];
  /** Files and folders below them that are left out. */
  ignore?: string[];
  /** Added to this process's own. */
  environment?: Record<string, string>;
  timeoutMs?: number;
  /** Test files at a time; the number of cores when absent. */
  workers?: number;
}

/** What hangs is named by the deadlines of wait-until.ts and browser.ts, which are shorter; no test depends on a machine's speed. */
const TIMEOUT_MS = 60_000;
/** Against the built programs, and in a browser. */
export const BUILT_TIMEOUT_MS = 180_000;

/** A run that ends badly without a failed test, or that finds no test, counts as one failure. */
export async function runBunTest(run: BunTestRun): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-tests-"));
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  // Tests that act as another account must get through to the folders they open for it.
  chmodSync(folder, 0o711);
  const report = join(folder, "report.xml");
  try {
    const child = Bun.spawn(
      [
        ...[process.execPath, "--no-env-file", "test"],
        ...["--preload", join(ROOT, "harness/fail-on-console-error.ts")],
        ...["--reporter=junit", `--reporter-outfile=${report}`],
        `--parallel=${run.workers ?? availableParallelism()}`,
        // A worker loads what its files import once, and makes once what they share: loading the server costs half a second.
        "--no-isolate",
        `--timeout=${run.timeoutMs ?? TIMEOUT_MS}`,
        ...(run.ignore ?? []).map((path) => `--path-ignore-patterns=${path}/**`),
        ...run.paths.map((path) => `./${path}`),
      ],
      {
        cwd: ROOT,
        // What a test that was cut off leaves behind goes with the folder.
        env: { ...process.env, TMPDIR: temporary, ...run.environment },
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
      },
    );
    const code = await child.exited;
    const file = Bun.file(report);
    const counts = (await file.exists()) ? parseJUnitCounts(await file.text()) : NO_TESTS;
    const nothingRan = counts.passed + counts.failed === 0;
    return (code !== 0 && counts.failed === 0) || nothingRan ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The totals stand on the outermost element. */
export function parseJUnitCounts(xml: string): Counts {
  const totals = readAttributes(/<testsuites\b[^>]*>/.exec(xml)?.[0] ?? "");
  const total = (name: string) => Number(totals[name] ?? 0);
  const failed = total("failures") + total("errors");
  const skipped = total("skipped");
  return { passed: total("tests") - failed - skipped, failed, skipped, times: parseTimes(xml) };
}

function parseTimes(xml: string): TestTime[] {
  const elements = (name: string) =>
    Array.from(xml.matchAll(new RegExp(`<${name} [^>]*>(?!\\s*<skipped)`, "g")), ([tag]) =>
      readAttributes(tag),
    );
  const fileSeconds = new Map<string, number>();
  // A file's own element bears the file as its name; the groups in the file are elements of the same kind.
  for (const { name = "", file, time } of elements("testsuite"))
    if (name === file) fileSeconds.set(name, Number(time));
  return elements("testcase").map(({ name = "", classname, file = "", time }) => ({
    name: classname ? `${classname} > ${name}` : name,
    file,
    seconds: Number(time),
    fileSeconds: fileSeconds.get(file) ?? 0,
  }));
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

/** Lines that name the tests that took longest, the slowest first, each with the time of its whole file. */
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
