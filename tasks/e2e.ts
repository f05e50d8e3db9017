// npm run e2e: builds the programs that have changed and runs the browser tests, or the tests at the given
// paths.

import { build } from "../harness/build.ts";
import { findChromium } from "../harness/chromium.ts";
import { openTestPostgres } from "../harness/postgres.ts";
import { progress, runTask } from "../harness/terminal.ts";
import { BUILT_TIMEOUT_MS, runBunTest } from "./bun-test.ts";

await runTask("e2e", async (opened) => {
  const paths = process.argv.slice(2);
  const postgres = opened.use(await openTestPostgres());
  const chromium = await findChromium();
  progress(`using ${postgres.description}`);
  progress(`using ${chromium.description}`);
  await build();
  const { passed, failed } = await runBunTest({
    paths: paths.length > 0 ? paths : ["tests/e2e"],
    environment: { TEST_DATABASE_URL: postgres.url, TEST_CHROMIUM: chromium.path },
    timeoutMs: BUILT_TIMEOUT_MS,
  });
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
