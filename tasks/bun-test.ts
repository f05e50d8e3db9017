// Runs `bun test` on paths, lets its output through, and counts what it ran from its JUnit report.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../harness/terminal.ts";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
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
  const element = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? "";
  const attribute = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(element)?.[1] ?? 0);
  const failed = attribute("failures") + attribute("errors");
  const skipped = attribute("skipped");
  return { passed: attribute("tests") - failed - skipped, failed, skipped };
}
