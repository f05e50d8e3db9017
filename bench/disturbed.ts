// The latency of check-ins while a user exports all sensors, again and again, and other sensors report their
// first inventory, compared with the same load alone. Requests are sent at a fixed rate, whether or not the
// server keeps up.
import { join } from "node:path";
import type { Chunk } from "@attacklens/protocol/inventory/chunks.ts";
import { sensorExports } from "@attacklens/protocol/list-exports.ts";
import type { BenchPostgres } from "./bench-postgres.ts";
import { checkIns, withMac } from "./check-in.ts";
import { type Figure, ratioFigure } from "./figure.ts";
import { insertFleet } from "./fleet.ts";
import { inParallel } from "./in-parallel.ts";
import { GENERATOR_CORE, interleave, type Load, pinTo, runLoad } from "./load.ts";
import { type MadeInventory, similarHost } from "./made-inventory.ts";
import type { BenchOptions } from "./options.ts";
import { enrollHost, type ReportingHost } from "./reporting-host.ts";
import { agreeOnMacs, enrollHosts, openTarget, type TargetOptions } from "./target.ts";

const ROUNDS = 5;
/** Of each load. */
const SECONDS = 8;
const FLEET = 2_000;
const SENSORS = 500;
const CONNECTIONS = 50;
/** More than a server answers in a second. */
const MOST_PER_SECOND = 15_000;
/** More than the rounds report: each ends with its load. */
const INVENTORIES = 2_000;
const INVENTORIES_AT_ONCE = 8;

interface Reporting {
  host: ReportingHost;
  inventory: MadeInventory;
}

export async function benchDisturbed(
  folder: string,
  postgres: BenchPostgres,
  { sensors: fleet = FLEET, profile }: BenchOptions,
): Promise<Figure[]> {
  await using database = await postgres.createDatabase();
  const onSqlite = { dataDir: join(folder, "sqlite"), profile };
  const onPostgres = { dataDir: join(folder, "postgres"), databaseUrl: database.url, profile: undefined };
  const inventories = makeInventories(INVENTORIES);
  return [
    await measure(folder, fleet, inventories, onSqlite),
    await measure(folder, fleet, inventories, onPostgres),
  ];
}

async function measure(
  folder: string,
  fleet: number,
  inventories: readonly MadeInventory[],
  options: TargetOptions,
): Promise<Figure> {
  await using target = await openTarget(options);
  // PostgreSQL's processes take both cores. Otherwise, the server has one, and all clients the other.
  if (options.databaseUrl === undefined)
    for (const [pid, core] of [
      [target.pid, 0],
      [process.pid, GENERATOR_CORE],
    ] as const)
      await pinTo(pid, core);
  await insertFleet(options, fleet);
  const hosts = await enrollHosts(target, SENSORS);
  await agreeOnMacs(target, hosts);
  const load = (seconds: number, perSecond?: number) =>
    runLoad({
      ...{ folder, url: target.url, pids: [target.pid], connections: CONNECTIONS, seconds },
      ...(perSecond === undefined ? {} : { perSecond }),
      requests: checkIns(
        { target, hosts, sign: withMac },
        Math.ceil((perSecond ?? MOST_PER_SECOND) * seconds),
      ),
    });
  const half = (await load(SECONDS)).perSecond / 2;
  const reporters = await inParallel(INVENTORIES_AT_ONCE, INVENTORIES, (index) =>
    enrollHost(target.url, target.token, SENSORS + index),
  );
  const waiting = reporters.map((host, index) => ({ host, inventory: inventories[index]! }));
  async function disturbed(): Promise<Load> {
    const ended = new AbortController();
    const others = Promise.all([
      exportAllSensors(target.url, target.session.cookie ?? "", ended.signal),
      reportSome(waiting, ended.signal),
    ]);
    const result = await load(SECONDS, half);
    ended.abort();
    await others;
    return result;
  }
  // The runtime compiles the code of inventories and exports while it runs for the first time.
  await disturbed();
  const rounds = await interleave(ROUNDS, { alone: () => load(SECONDS, half), disturbed });
  return figureOf(rounds, options.databaseUrl ? "PostgreSQL" : "SQLite");
}

function figureOf(rounds: Record<"alone" | "disturbed", Load>[], name: string): Figure {
  const pairs = rounds.map(({ alone, disturbed }) => ({ value: disturbed.p99Ms, base: alone.p99Ms }));
  return ratioFigure(`p99 of check-ins, disturbed ÷ alone, ${name}`, "ms", { atMost: 3 }, pairs);
}

/** Exports the whole list, over and over, until the signal. */
async function exportAllSensors(url: string, cookie: string, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const reply = await fetch(`${url}${sensorExports.csv.path}`, { headers: { cookie } });
    if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
    const reader = reply.body!.getReader();
    while (!ended.aborted && !(await reader.read()).done);
    await reader.cancel();
  }
}

/** Made before the rounds, because it takes CPU. Hosts of one image have most chunks in common. */
function makeInventories(count: number): MadeInventory[] {
  const known = new Map<string, Chunk>();
  return Array.from({ length: count }, (_, number) => {
    const inventory = similarHost(number);
    for (const category of Object.values(inventory))
      category.chunks = category.chunks.map((chunk) => {
        const same = known.get(chunk.hash) ?? chunk;
        known.set(chunk.hash, same);
        return same;
      });
    return inventory;
  });
}

/** Takes hosts that report their first inventory, until the signal or the last of them. */
async function reportSome(waiting: Reporting[], ended: AbortSignal): Promise<void> {
  await inParallel(INVENTORIES_AT_ONCE, INVENTORIES_AT_ONCE, async () => {
    for (let next = waiting.shift(); next && !ended.aborted; next = waiting.shift())
      await next.host.report(next.inventory);
  });
}
