// What the programs reach on this machine, as ratios in one run. Linux only: CPU time is read from /proc.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../harness/build.ts";
import { createTestDatabase } from "../harness/databases.ts";
import { openTestPostgres } from "../harness/postgres.ts";
import { progress, runTask } from "../harness/terminal.ts";
import { benchCheckIn } from "./check-in.ts";
import { benchEnroll } from "./enroll.ts";
import { benchLists } from "./lists.ts";
import { benchTrickling } from "./trickling.ts";

await runTask("bench", async (opened) => {
  await build();
  const folder = mkdtempSync(join(tmpdir(), "attacklens-bench-"));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  progress("check-ins, interleaved with hello world");
  console.log(JSON.stringify(await benchCheckIn(folder), null, 2));
  progress("enrollments with one token, on SQLite");
  console.log(JSON.stringify(await benchEnroll(folder), null, 2));
  progress("bodies that trickle, and uploads that cost as much as they may");
  console.log(JSON.stringify(await benchTrickling(folder), null, 2));
  const postgres = opened.use(await openTestPostgres());
  progress(`the same on ${postgres.description}`);
  const database = opened.use(await createTestDatabase(postgres.url));
  console.log(JSON.stringify(await benchEnroll(folder, database.url), null, 2));
  progress("lists of 100,000 sensors, on SQLite");
  console.log(JSON.stringify(await benchLists(folder), null, 2));
  progress(`the same on ${postgres.description}`);
  const fleet = opened.use(await createTestDatabase(postgres.url));
  console.log(JSON.stringify(await benchLists(folder, fleet.url), null, 2));
  return 0;
});
