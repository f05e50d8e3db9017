// Measures the programs on this machine, as ratios within one run. Linux only: it reads CPU time from /proc.
// `npm run bench -- sensor lists` runs only those; without names, it runs all.
import { openTemporaryFolder } from "../harness/temporary-folder.ts";
import { progress, runTask } from "../harness/terminal.ts";
import { type BenchPostgres, openBenchPostgres } from "./bench-postgres.ts";
import { benchCheckIn } from "./check-in.ts";
import { benchDisturbed } from "./disturbed.ts";
import { benchEnroll } from "./enroll.ts";
import { describeFigures, type Figure, figuresAsJson } from "./figure.ts";
import { benchInventory } from "./inventory.ts";
import { benchLists } from "./lists.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, parseBenchOptions } from "./options.ts";
import { benchProcesses } from "./processes.ts";
import { benchSensor } from "./sensor.ts";
import { benchTrickling } from "./trickling.ts";

interface Bench {
  /** For the progress output. */
  what: string;
  run(folder: string, postgres: () => Promise<BenchPostgres>, options: BenchOptions): Promise<Figure[]>;
}

const BENCHES: Record<string, Bench> = {
  sensor: {
    what: "the sensor, interleaved with fusioninventory-agent and an empty program",
    run: (folder) => benchSensor(folder),
  },
  "check-in": {
    what: 'check-ins, interleaved with a "hello world" server and Zabbix',
    run: async (folder, postgres, options) => await benchCheckIn(folder, await postgres(), options),
  },
  enroll: {
    what: "enrollments with one token, interleaved with Zabbix",
    run: async (folder, postgres, options) => await benchEnroll(folder, await postgres(), options),
  },
  inventory: {
    what: "inventories of hosts of one image, of other hosts, and changed ones",
    run: async (folder, postgres, options) => await benchInventory(folder, await postgres(), options),
  },
  disturbed: {
    what: "the latency of check-ins beside inventories and reads of all sensors",
    run: async (folder, postgres, options) => await benchDisturbed(folder, await postgres(), options),
  },
  trickling: {
    what: "slow request bodies, and the most expensive uploads that the server accepts",
    run: (folder) => benchTrickling(folder),
  },
  processes: {
    what: "check-ins with one, two and four processes of the server on PostgreSQL",
    run: async (folder, postgres, options) => await benchProcesses(folder, await postgres(), options),
  },
  lists: {
    what: "lists and counters of a large fleet",
    run: (folder, postgres, options) => benchLists(folder, postgres, options),
  },
};

await runTask("bench", async (opened) => {
  const options = parseBenchOptions(process.argv.slice(2), Object.keys(BENCHES));
  let postgres: BenchPostgres | undefined;
  const openPostgres = async () => {
    postgres ??= opened.use(await openBenchPostgres(options.database));
    return postgres;
  };
  progress(describeMachine());
  const figures: Figure[] = [];
  for (const [name, { what, run }] of Object.entries(BENCHES)) {
    if (options.names.length > 0 && !options.names.includes(name)) continue;
    progress(`measuring ${what}`);
    // Each has its own folder: two would find each other's installation. A signal deletes it too.
    using folder = opened.use(openTemporaryFolder(`bench-${name}`));
    const measured = await run(folder.path, openPostgres, options);
    if (options.json) console.log(figuresAsJson(measured));
    figures.push(...measured);
  }
  if (!options.json) console.log(describeFigures(figures));
  return 0;
});
