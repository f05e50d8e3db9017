// npm test: runs all checks and tests. With paths (`npm test -- server/db`), it runs the tests there, with
// the same PostgreSQL. With --long, it runs the long form of the tests.

import { build, SENSOR } from "../harness/build.ts";
import { findChromium } from "../harness/chromium.ts";
import { installProgramsOfRun } from "../harness/debian.ts";
import { prepareDebianTree } from "../harness/debian-tree.ts";
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
import { SLOW_FILES } from "./slow-files.ts";

const UNIT_FOLDERS = ["protocol", "server", "console", "sensor", "tasks", "harness", "tests/support"];
/** Their tests run the built programs, and often wait for them. */
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
    // Its tests run the built sensor only.
    else if (paths.some((path) => path.startsWith("sensor"))) await build({ programs: [SENSOR] });
    stages.push(await runBunTest({ paths, environment, timeoutMs: BUILT_TIMEOUT_MS }));
  } else {
    await installProgramsOfRun();
    progress("types, lint, format and rules, while the programs are built; then all tests");
    prepareDebianTree();
    const checking = check();
    checking.catch(() => {});
    await build();
    // The tests of the built programs often wait. Meanwhile, the others get the CPU. Together, they have as
    // many workers as finish what a sensor does within its time limits.
    stages.push(
      ...(await Promise.all([
        checking,
        runBunTest({
          ...{ paths: BUILT_FOLDERS, environment, slowFiles: SLOW_FILES },
          ...{ timeoutMs: BUILT_TIMEOUT_MS, extraWorkers: 1 },
        }),
        runBunTest({ paths: UNIT_FOLDERS, environment, slowFiles: SLOW_FILES }),
      ])),
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
