// The latency of check-ins while one client reads all sensors and other sensors report their first inventory,
// compared with the same load alone. Requests are sent at a fixed rate, whether or not the server keeps up.
import { join } from "node:path";
import type { BenchPostgres } from "./bench-postgres.ts";
import { checkIns, withMac } from "./check-in.ts";
import { type Figure, ratioFigure } from "./figure.ts";
import { insertFleet } from "./fleet.ts";
import { inParallel } from "./in-parallel.ts";
import { interleave, type Load, pinTo, runLoad } from "./load.ts";
import { similarHost } from "./made-inventory.ts";
import type { BenchOptions } from "./options.ts";
import { enrollHost, send } from "./reporting-host.ts";
import { agreeOnMacs, enrollHosts, openTarget, type TargetOptions } from "./target.ts";

const ROUNDS = 3;
/** Of each load. All of them together take less than two minutes. */
const SECONDS = 5;
const FLEET = 2_000;
const SENSORS = 500;
const CONNECTIONS = 50;
/** More than a server answers in a second. */
const MOST_PER_SECOND = 15_000;
/** More than the rounds report: each ends with its load. */
const INVENTORIES = 1_000;
const INVENTORIES_AT_ONCE = 8;

export async function benchDisturbed(
  folder: string,
  postgres: BenchPostgres,
  { sensors: fleet = FLEET, profile }: BenchOptions,
): Promise<Figure[]> {
  await using database = await postgres.createDatabase();
  const onSqlite = { dataDir: join(folder, "sqlite"), profile };
  const onPostgres = { dataDir: join(folder, "postgres"), databaseUrl: database.url, profile: undefined };
  return [...(await measure(folder, fleet, onSqlite)), ...(await measure(folder, fleet, onPostgres))];
}

async function measure(folder: string, fleet: number, options: TargetOptions): Promise<Figure[]> {
  await using target = await openTarget(options);
  // PostgreSQL's processes take both cores.
  if (options.databaseUrl === undefined) await pinTo(target.pid);
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
  const waiting = [...reporters.entries()];
  const rounds = await interleave(ROUNDS, {
    alone: () => load(SECONDS, half),
    disturbed: async () => {
      const ended = new AbortController();
      const others = Promise.all([
        readAllSensors(target.url, target.session.cookie ?? "", ended.signal),
        reportSome(waiting, ended.signal),
      ]);
      const result = await load(SECONDS, half);
      ended.abort();
      await others;
      return result;
    },
  });
  return [figureOf(rounds, options.databaseUrl ? "PostgreSQL" : "SQLite")];
}

function figureOf(rounds: Record<"alone" | "disturbed", Load>[], name: string): Figure {
  const pairs = rounds.map(({ alone, disturbed }) => ({ value: disturbed.p99Ms, base: alone.p99Ms }));
  return ratioFigure(`p99 of check-ins, disturbed ÷ alone, ${name}`, "ms", { atMost: 3 }, pairs);
}

/** Pages through the whole list, over and over, until the signal. */
async function readAllSensors(url: string, cookie: string, ended: AbortSignal): Promise<void> {
  let cursor: string | null = null;
  while (!ended.aborted) {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await send<{ nextCursor: string | null }>(`${url}/api/v1/sensors?limit=200${after}`, {
      headers: { cookie },
    });
    cursor = page.nextCursor;
  }
}

/** Takes hosts that report their first inventory, until the signal or the last of them. */
async function reportSome(
  waiting: [number, Awaited<ReturnType<typeof enrollHost>>][],
  ended: AbortSignal,
): Promise<void> {
  await inParallel(INVENTORIES_AT_ONCE, INVENTORIES_AT_ONCE, async () => {
    for (let next = waiting.shift(); next && !ended.aborted; next = waiting.shift()) {
      const [number, host] = next;
      await host.report(similarHost(number));
    }
  });
}
