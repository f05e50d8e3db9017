// Measures the lists of a fleet of any size: the 95th percentile of each sort and filter over several pages,
// and how long the slowest list delays other requests.
import { join } from "node:path";
import { SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
import { fleetId } from "../harness/fleet-rows.ts";
import { progress } from "../harness/terminal.ts";
import type { BenchPostgres } from "./bench-postgres.ts";
import { type Figure, median, plainFigure } from "./figure.ts";
import { insertFleet } from "./fleet.ts";
import { largeHost } from "./made-inventory.ts";
import type { BenchOptions } from "./options.ts";
import { enrollHost } from "./reporting-host.ts";
import { openTarget, type TargetOptions } from "./target.ts";

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
/** Of one large host. */
const PACKAGES = 49_000;
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
export async function benchLists(
  folder: string,
  postgres: BenchPostgres,
  { sensors = FLEET, profile }: BenchOptions,
): Promise<Figure[]> {
  await using database = await postgres.createDatabase();
  const onSqlite = { dataDir: join(folder, "sqlite"), profile };
  const onPostgres = { dataDir: join(folder, "postgres"), databaseUrl: database.url, profile: undefined };
  return [...(await measure(sensors, onSqlite)), ...(await measure(sensors, onPostgres))];
}

async function measure(sensors: number, target: TargetOptions): Promise<Figure[]> {
  const name = target.databaseUrl ? "PostgreSQL" : "SQLite";
  await using server = await openTarget(target);
  const { session } = server;
  const seeding = performance.now();
  await insertFleet(target, sensors);
  progress(`inserted ${sensors} sensors in ${Math.round((performance.now() - seeding) / 1000)} s, ${name}`);
  const get = async (path: string) => {
    const startedAt = performance.now();
    const reply = await fetch(`${server.url}${path}`, { headers: { cookie: session.cookie ?? "" } });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`);
    return { ms: performance.now() - startedAt, body: JSON.parse(text) as { nextCursor?: string | null } };
  };
  const large = await enrollHost(server.url, server.token, sensors);
  await large.report(largeHost(PACKAGES));
  const packages = `sensors/${large.id}/inventory/packages?limit=200`;
  const paths = [...PATHS, packages, `${packages}&q=no+such+package`];
  const rounds = new Map(paths.map((path) => [path, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [path, values] of rounds) values.push(await percentile95(get, `/api/v1/${path}`));
  const share = sensors > FLEET ? 1.5 : 1;
  const [slowest] = [...rounds].toSorted(([, one], [, other]) => median(other) - median(one))[0]!;
  const idle = await delayOfOthers(get, undefined);
  const delay = await delayOfOthers(get, `/api/v1/${slowest}`);
  const figure = (what: string, limitMs: number, values: number[]) =>
    plainFigure(`${what}, ${name}`, "ms", { atMost: limitMs }, values);
  return [
    ...[...rounds].map(([path, values]) => figure(`p95 ${path}`, limitOf(path) * share, values)),
    figure("p99 of /healthz at rest", 20, [idle]),
    figure(`p99 of /healthz while ${CONNECTIONS} connections read the slowest list`, 50, [delay]),
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
