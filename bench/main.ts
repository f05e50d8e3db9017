// Measures the programs on this machine, as ratios within one run. Linux only: it reads CPU time from /proc.
import { build } from "../harness/build.ts";
import { createTestDatabase } from "../harness/databases.ts";
import { openTestPostgres } from "../harness/postgres.ts";
import { openTemporaryFolder } from "../harness/temporary-folder.ts";
import { progress, runTask } from "../harness/terminal.ts";
import { benchCheckIn } from "./check-in.ts";
import { benchEnroll } from "./enroll.ts";
import { benchLists } from "./lists.ts";
import { benchTrickling } from "./trickling.ts";

await runTask("bench", async (opened) => {
  await build();
  const folder = opened.use(openTemporaryFolder("bench")).path;
  progress('measuring check-ins, interleaved with a "hello world" server');
  console.log(JSON.stringify(await benchCheckIn(folder), null, 2));
  progress("measuring enrollments with one token, on SQLite");
  console.log(JSON.stringify(await benchEnroll(folder), null, 2));
  progress("measuring slow request bodies, and the most expensive uploads that the server accepts");
  console.log(JSON.stringify(await benchTrickling(folder), null, 2));
  const postgres = opened.use(await openTestPostgres());
  progress(`the same on ${postgres.description}`);
  const database = opened.use(await createTestDatabase(postgres.url));
  console.log(JSON.stringify(await benchEnroll(folder, database.url), null, 2));
  progress("measuring lists of 100,000 sensors, on SQLite");
  console.log(JSON.stringify(await benchLists(folder), null, 2));
  progress(`the same on ${postgres.description}`);
  const fleet = opened.use(await createTestDatabase(postgres.url));
  console.log(JSON.stringify(await benchLists(folder, fleet.url), null, 2));
  return 0;
});
