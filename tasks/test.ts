// npm test: runs all checks and tests. With paths (`npm test -- server/db`), it runs the tests there, with
// the same PostgreSQL. With --long, it runs the long form of the tests.

import { build } from "../harness/build.ts";
import { findChromium } from "../harness/chromium.ts";
import { installProgramsOfRun } from "../harness/debian.ts";
import { openTestPostgres } from "../harness/postgres.ts";
import { progress, runTask } from "../harness/terminal.ts";
import {
  addCounts,
  BUILT_TIMEOUT_MS,
  type Counts,
  describeFailures,
  describeSlowest,
  runBunTest,
} from "./bun-test.ts";
import { check } from "./check.ts";

const UNIT_FOLDERS = ["protocol", "server", "console", "sensor", "tasks", "harness", "tests/support"];
/** Their tests run the built programs. Those that take longest come first: no core idles at the end. */
const BUILT_FOLDERS = ["tests/faults", "tests/guides", "tests/e2e"];

async function test(args: string[], opened: AsyncDisposableStack): Promise<number> {
  const paths = args.filter((arg) => arg !== "--long");
  const postgres = opened.use(await openTestPostgres());
  progress(`using ${postgres.description}`);
  const environment: Record<string, string> = { TEST_DATABASE_URL: postgres.url };
  if (args.includes("--long")) environment.LONG_TESTS = "1";
  const stages: Counts[] = [];

  const needsPrograms =
    paths.length === 0 || paths.some((path) => BUILT_FOLDERS.some((folder) => path.startsWith(folder)));
  if (needsPrograms) {
    const chromium = await findChromium();
    progress(`using ${chromium.description}`);
    environment.TEST_CHROMIUM = chromium.path;
  }
  if (paths.length > 0) {
    if (needsPrograms) await build();
    stages.push(await runBunTest({ paths, environment, timeoutMs: BUILT_TIMEOUT_MS }));
  } else {
    await installProgramsOfRun();
    progress(
      "stage 1 of 2: types, lint, format, rules, while the programs are built; then unit and store tests",
    );
    const checking = check();
    checking.catch(() => {});
    await build();
    // The checks take one core for a while longer.
    stages.push(await runBunTest({ paths: UNIT_FOLDERS, environment, extraWorkers: 1 }));
    stages.push(await checking);
    progress("stage 2 of 2: browser tests and faults, against the built programs");
    stages.push(
      await runBunTest({ paths: BUILT_FOLDERS, environment, timeoutMs: BUILT_TIMEOUT_MS, extraWorkers: 3 }),
    );
  }
  const { passed, failed, skipped, times, failures } = addCounts(stages);
  console.log(`\nThe slowest tests, and the times of their files:\n${describeSlowest(times)}\n`);
  if (skipped > 0) console.log(`${skipped} skipped: this machine does not meet their requirements`);
  if (failures.length > 0) console.log(describeFailures(failures));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

await runTask("test", (opened) => test(process.argv.slice(2), opened));
