// Measures the programs on this machine, as ratios within one run. Linux only: it reads CPU time from /proc.
// `npm run bench -- sensor lists` runs only those; without names, it runs all.
import { parseArgs } from "node:util";
import { createTestDatabase } from "../harness/databases.ts";
import { openDurablePostgres, openTestPostgres } from "../harness/postgres.ts";
import { openTemporaryFolder } from "../harness/temporary-folder.ts";
import { progress, runTask, TaskError } from "../harness/terminal.ts";
import { benchCheckIn } from "./check-in.ts";
import { benchEnroll } from "./enroll.ts";
import { describeFigures } from "./figure.ts";
import { benchInventory } from "./inventory.ts";
import { benchLists } from "./lists.ts";
import { benchSensor } from "./sensor.ts";
import { benchTrickling } from "./trickling.ts";

type Bench = (folder: string, postgresUrl: () => Promise<string>) => Promise<void>;

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    /** The size of the fleet whose lists are measured. */
    sensors: { type: "string", default: "100000" },
  },
});

const BENCHES: Record<string, Bench> = {
  sensor: async (folder) => {
    progress("measuring the sensor, interleaved with fusioninventory-agent and an empty program");
    console.log(describeFigures(await benchSensor(folder)));
  },
  "check-in": async (folder) => {
    progress('measuring check-ins, interleaved with a "hello world" server');
    printJson(await benchCheckIn(folder));
  },
  enroll: async (folder, postgresUrl) => {
    progress("measuring enrollments with one token, on SQLite");
    printJson(await benchEnroll(folder));
    const url = await postgresUrl();
    progress("the same on PostgreSQL");
    await using database = await createTestDatabase(url);
    printJson(await benchEnroll(folder, database.url));
  },
  inventory: async (folder) => {
    progress("measuring inventories, on SQLite and on PostgreSQL");
    const onSqlite = await benchInventory(folder, { hosts: HOSTS });
    await using postgres = await openDurablePostgres(folder);
    await using database = await createTestDatabase(postgres.url);
    const { url } = database;
    const onPostgres = await benchInventory(folder, { hosts: HOSTS, postgres: { url, pid: postgres.pid } });
    console.log(describeFigures([...onSqlite, ...onPostgres]));
  },
  trickling: async (folder) => {
    progress("measuring slow request bodies, and the most expensive uploads that the server accepts");
    printJson(await benchTrickling(folder));
  },
  lists: async (folder, postgresUrl) => {
    const sensors = Number(options.sensors);
    progress(`measuring lists of ${sensors} sensors, on SQLite`);
    console.log(describeFigures(await benchLists(folder, { sensors })));
    const url = await postgresUrl();
    progress("the same on PostgreSQL");
    await using fleet = await createTestDatabase(url);
    console.log(describeFigures(await benchLists(folder, { sensors, databaseUrl: fleet.url })));
  },
};

/** Hosts of one image whose inventories are measured. */
const HOSTS = 2_000;

const printJson = (value: unknown) => console.log(JSON.stringify(value, null, 2));

await runTask("bench", async (opened) => {
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined)
    throw new TaskError(`Unknown benchmark ${unknown}. Use ${Object.keys(BENCHES).join(", ")}`);
  let url: string | undefined;
  const postgresUrl = async () => {
    url ??= opened.use(await openTestPostgres()).url;
    return url;
  };
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    // Each has its own folder: two would find each other's installation.
    using folder = openTemporaryFolder(`bench-${name}`);
    await bench(folder.path, postgresUrl);
  }
  return 0;
});
