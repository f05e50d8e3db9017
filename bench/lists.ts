// Measures the lists of a fleet of any size: the 95th percentile of each sort and filter over several pages,
// and how long the slowest list delays other requests.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { SQL } from "bun";
import { createSuperAdmin } from "../harness/first-day.ts";
import { fleetId, fleetStatements } from "../harness/fleet-rows.ts";
import { startServer } from "../harness/programs.ts";
import { progress } from "../harness/terminal.ts";
import { type Figure, plainFigure } from "./figure.ts";

export interface ListsOptions {
  sensors: number;
  /** An empty database; absent: SQLite in the folder. */
  databaseUrl?: string;
}

/** The fleet that the limits are for. A larger one may take half as long again. */
const FLEET = 100_000;
const LIMIT_MS = 15;
const SEARCH_LIMIT_MS = 50;
const COUNTS_LIMIT_MS = 10;
const ROUNDS = 3;
const REQUESTS = 12;
/** Pages that are read one after another, before the next request starts at the first again. */
const PAGES = 4;
const CONNECTIONS = 16;
const HOLD_MS = 5_000;

const token = `enrollmentTokenId=${fleetId("tok", 1)}`;
const otherToken = `enrollmentTokenId=${fleetId("tok", 2)}`;
const group = `assetGroupId=${fleetId("grp", 1)}`;
const otherGroup = `assetGroupId=${fleetId("grp", 2)}`;

const SENSOR_FILTERS = [
  "",
  ...SENSOR_STATUSES.map((status) => `status=${status}`),
  ...["linux", "windows", "darwin"].map((platform) => `platform=${platform}`),
  ...[token, otherToken, group, otherGroup, "match=any"],
  ...["online", "offline", "pending"].map((status) => `status=${status}&platform=linux`),
  ...["status=online&platform=darwin", `${token}&${otherGroup}`, `${otherToken}&status=offline`],
  `status=online&platform=linux&${token}&${group}`,
];
const SEARCHES = ["host-0", "12345", "t-0777", "example", "no such host", "77", "zz"].map(
  (text) => `q=${encodeURIComponent(text)}`,
);
const PATHS = [
  ...["hostname", "lastSeenAt", "enrolledAt"].flatMap((sort) => [
    ...SENSOR_FILTERS.flatMap((filter) =>
      ["asc", "desc"].map((order) => `sensors?sort=${sort}&order=${order}&${filter}`),
    ),
    ...SEARCHES.flatMap((search) =>
      ["", "status=online", otherGroup].map((filter) => `sensors?sort=${sort}&${search}&${filter}`),
    ),
  ]),
  ...["name", "createdAt"].flatMap((sort) =>
    ["", group, otherGroup, ...SEARCHES].map((filter) => `assets?sort=${sort}&${filter}`),
  ),
  ...["createdAt", "name", "enrolledSensors", "lastUsedAt"].map((sort) => `enrollment-tokens?sort=${sort}`),
  "asset-groups?sort=assets",
  "sensor-counts",
];

/** Runs on throwaway data in `folder`. */
export async function benchLists(folder: string, { sensors, databaseUrl }: ListsOptions): Promise<Figure[]> {
  const dataDir = join(folder, databaseUrl ? "lists-postgres" : "lists-sqlite");
  await using server = await startServer({ dataDir, logFile: `${dataDir}.log`, databaseUrl });
  const { session } = await createSuperAdmin(server, dataDir);
  const seeding = performance.now();
  await seed(dataDir, { sensors, databaseUrl });
  progress(`inserted ${sensors} sensors in ${Math.round((performance.now() - seeding) / 1000)} s`);
  const get = async (path: string) => {
    const startedAt = performance.now();
    const reply = await fetch(`${server.url}${path}`, { headers: { cookie: session.cookie ?? "" } });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`);
    return { ms: performance.now() - startedAt, body: JSON.parse(text) as { nextCursor?: string | null } };
  };
  const rounds = new Map(PATHS.map((path) => [path, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [path, values] of rounds) values.push(await percentile95(get, `/api/v1/${path}`));
  const share = sensors > FLEET ? 1.5 : 1;
  const figures = [...rounds].map(([path, values]) =>
    plainFigure(`p95 ${path}`, "ms", limitOf(path) * share, values),
  );
  const slowest = figures.toSorted((one, other) => other.value - one.value)[0]!;
  const idle = await delayOfOthers(get, undefined);
  const delay = await delayOfOthers(get, `/api/v1/${slowest.figure.slice("p95 ".length)}`);
  return [
    ...figures,
    plainFigure("p99 of /healthz at rest", "ms", 20, [idle]),
    plainFigure(`p99 of /healthz while ${CONNECTIONS} connections read the slowest list`, "ms", 50, [delay]),
  ];
}

function limitOf(path: string): number {
  if (path.startsWith("sensor-counts")) return COUNTS_LIMIT_MS;
  return path.includes("q=") ? SEARCH_LIMIT_MS : LIMIT_MS;
}

type Get = (path: string) => Promise<{ ms: number; body: { nextCursor?: string | null } }>;

async function percentile95(get: Get, path: string): Promise<number> {
  const times: number[] = [];
  let cursor: string | null | undefined;
  for (let request = 0; request < REQUESTS; request++) {
    const after = cursor && request % PAGES > 0 ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const { ms, body } = await get(path + after);
    times.push(ms);
    cursor = body.nextCursor;
  }
  return at(times, 0.95);
}

/** Measures how long other requests wait while connections request one list repeatedly. */
async function delayOfOthers(get: Get, path: string | undefined): Promise<number> {
  const until = performance.now() + HOLD_MS;
  const asking = Array.from({ length: path === undefined ? 0 : CONNECTIONS }, async () => {
    // The status does not matter: only the delay of other requests is measured.
    while (performance.now() < until) await get(path!).catch(() => undefined);
  });
  const healthMs: number[] = [];
  while (performance.now() < until) {
    healthMs.push((await get("/healthz")).ms);
    await Bun.sleep(5);
  }
  await Promise.all(asking);
  return at(healthMs, 0.99);
}

function at(values: number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

async function seed(dataDir: string, { sensors, databaseUrl }: ListsOptions): Promise<void> {
  const dialect = databaseUrl ? "postgres" : "sqlite";
  const statements = fleetStatements({ dialect, sensors, now: Date.now() });
  if (databaseUrl) {
    await using sql = new SQL(databaseUrl, { max: 1 });
    for (const statement of [...statements, "vacuum analyze"]) await sql.unsafe(statement);
    return;
  }
  using sqlite = new Database(join(dataDir, "attacklens.db"));
  sqlite.run("PRAGMA busy_timeout = 30000");
  for (const statement of statements) sqlite.run(statement);
}
