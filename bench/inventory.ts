// Measures what inventories cost the server and its database: the first ones of hosts of one image, those of
// hosts that have nothing in common, and changed sets of packages. The CPU time is that of the server, and of
// PostgreSQL with all its processes. Writes are durable on both.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { SQL } from "bun";
import type { Session } from "../harness/api-client.ts";
import { waitUntil } from "../harness/wait-until.ts";
import type { BenchPostgres } from "./bench-postgres.ts";
import { type Figure, median, plainFigure } from "./figure.ts";
import { inParallel } from "./in-parallel.ts";
import { dissimilarHost, type MadeInventory, similarHost, upgradedHost } from "./made-inventory.ts";
import type { BenchOptions } from "./options.ts";
import { cpuMsOf } from "./process-tree.ts";
import { enrollHost, type ReportingHost, send } from "./reporting-host.ts";
import { openTarget, type TargetOptions } from "./target.ts";

const ROUNDS = 5;
const AT_ONCE = 32;
/** Pages that are read once each, so that no cache has them. */
const READS = 100;

/** Of one image, on each database. */
const HOSTS = 1_000;
/** Hosts that report before, because the runtime compiles the code while it runs for the first time. */
const WARM_UP = 300;

/** Runs on throwaway data in `folder`. */
export async function benchInventory(
  folder: string,
  postgres: BenchPostgres,
  { sensors: hosts = HOSTS, profile }: BenchOptions,
): Promise<Figure[]> {
  await using database = await postgres.createDatabase();
  const { url } = database;
  const onSqlite = { dataDir: join(folder, "sqlite"), profile };
  const onPostgres = { dataDir: join(folder, "postgres"), databaseUrl: url, profile: undefined };
  return [
    ...(await measure(hosts, onSqlite, [], sqliteContents(join(onSqlite.dataDir, "attacklens.db")))),
    ...(await measure(hosts, onPostgres, postgres.pids, postgresContents(url))),
  ];
}

/** What a database has. */
interface Contents {
  sizeBytes: () => number | Promise<number>;
  /** Events whose text the server stores later. */
  unindexedEvents: () => number | Promise<number>;
}

const UNINDEXED = `select (select sequence from audit_head) -
  coalesce((select max(sequence) from audit_text), 0) as events`;

async function measure(
  hosts: number,
  target: TargetOptions,
  pids: number[],
  { sizeBytes, unindexedEvents }: Contents,
): Promise<Figure[]> {
  const name = target.databaseUrl ? "PostgreSQL" : "SQLite";
  await using server = await openTarget(target);
  const { session, token: value } = server;
  const cpuMs = () => [server.pid, ...pids].reduce((sum, pid) => sum + cpuMsOf(pid), 0);

  const dissimilar = Math.max(ROUNDS, Math.floor(hosts / 20));
  const counted = hosts + dissimilar + 1;
  const sensors = await inParallel(AT_ONCE, counted + WARM_UP, (index) =>
    enrollHost(server.url, value, index),
  );
  const [image, ...others] = sensors.slice(0, counted);
  await image!.report(similarHost(0));
  await inParallel(AT_ONCE, WARM_UP, (index) =>
    sensors[counted + index]!.report(similarHost(counted + index)),
  );
  await waitUntil("the events of the enrollments are indexed", async () => (await unindexedEvents()) === 0);
  const similar = await measured(others.slice(0, hosts), (index) => similarHost(index + 1), {
    cpuMs,
    sizeBytes,
  });
  const other = await measured(others.slice(hosts), (index) => dissimilarHost(hosts + index + 1), {
    cpuMs,
    sizeBytes,
  });
  const changed = await measured(others.slice(0, hosts), (index) => upgradedHost(index + 1), {
    cpuMs,
    sizeBytes,
  });
  const reads = await readMs(
    server.url,
    session,
    others.slice(0, READS).map(({ id }) => id),
  );
  const figure = (what: string, unit: string, limit: number, values: number[]) =>
    plainFigure(`${what}, ${name}`, unit, { atMost: limit }, values);
  return [
    figure("CPU of the first inventory of a similar host", "ms", 3, similar.cpuMs),
    figure("database for it", "KB", 6, similar.kilobytes),
    figure("CPU of the first inventory of a dissimilar host", "ms", 60, other.cpuMs),
    figure("database for it", "KB", 25, other.kilobytes),
    figure("CPU of a changed package set", "ms", 5, changed.cpuMs),
    figure("database for it", "KB", 3, changed.kilobytes),
    figure("first page of packages, not read before", "ms", 20, reads.packages),
    figure("the categories of a sensor", "ms", 10, reads.sensor),
  ];
}

/** Sends the inventories in rounds. Returns what each costs, by round. */
async function measured(
  sensors: ReportingHost[],
  inventoryOf: (index: number) => MadeInventory,
  { cpuMs, sizeBytes }: { cpuMs: () => number; sizeBytes: () => number | Promise<number> },
) {
  const each = Math.floor(sensors.length / ROUNDS);
  const costs = { cpuMs: [] as number[], kilobytes: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const own = sensors.slice(round * each, (round + 1) * each);
    const inventories = own.map((_, index) => inventoryOf(round * each + index));
    const [cpuBefore, sizeBefore] = [cpuMs(), await sizeBytes()];
    await inParallel(AT_ONCE, each, (index) => own[index]!.report(inventories[index]!));
    costs.cpuMs.push((cpuMs() - cpuBefore) / each);
    costs.kilobytes.push(((await sizeBytes()) - sizeBefore) / each / 1_000);
  }
  return costs;
}

async function readMs(url: string, session: Session, ids: string[]) {
  const times = async (paths: string[]) => {
    const tookMs: number[] = [];
    for (const path of paths) {
      const startedAt = performance.now();
      await send(`${url}/api/v1/${path}`, { headers: { cookie: session.cookie ?? "" } });
      tookMs.push(performance.now() - startedAt);
    }
    return tookMs;
  };
  return {
    packages: [median(await times(ids.map((id) => `sensors/${id}/inventory/packages?limit=200`)))],
    sensor: [median(await times(ids.map((id) => `sensors/${id}`)))],
  };
}

function sqliteContents(file: string): Contents {
  function read(statement: string): number {
    using db = new Database(file, { readwrite: true });
    db.run("PRAGMA busy_timeout = 30000");
    return Object.values(db.query(statement).get() as object)[0] as number;
  }
  return {
    /** After a checkpoint: everything is in the file. */
    sizeBytes() {
      read("PRAGMA wal_checkpoint(truncate)");
      return (read("PRAGMA page_count") - read("PRAGMA freelist_count")) * read("PRAGMA page_size");
    },
    unindexedEvents: () => read(UNINDEXED),
  };
}

function postgresContents(url: string): Contents {
  async function read(statement: string): Promise<number> {
    await using sql = new SQL(url, { max: 1 });
    const [row] = await sql.unsafe(statement);
    return Number(Object.values(row as object)[0]);
  }
  return {
    sizeBytes: () => read("select pg_database_size(current_database())"),
    unindexedEvents: () => read(UNINDEXED),
  };
}
