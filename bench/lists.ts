// Measures the lists of a fleet of any size: the 95th percentile over all combinations of filter and sort,
// the slowest combination, searches and numbers, and how long the slowest list delays other requests.
import { join } from "node:path";
import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { listAssets } from "@attacklens/protocol/assets.ts";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors, SENSOR_PLATFORMS, SENSOR_STATUSES } from "@attacklens/protocol/sensors.ts";
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
const ROUNDS = 2;
/** Pages of each combination in a round, one after another. */
const PAGES = 2;
/** Requests for the numbers in a round. */
const COUNTS = 100;
const CONNECTIONS = 16;
/** Of one large host. */
const PACKAGES = 49_000;
const HOLD_MS = 3_000;
/**
 * Longer than usual, so that the sensors of the fleet are online until the end. Otherwise all of them become
 * silent a few minutes after they were inserted.
 */
const ENVIRONMENT = { ATTACKLENS_CHECK_IN_INTERVAL: "1800" };

const token = `enrollmentTokenId=${fleetId("tok", 1)}`;
const otherToken = `enrollmentTokenId=${fleetId("tok", 2)}`;
const group = `assetGroupId=${fleetId("grp", 1)}`;
const otherGroup = `assetGroupId=${fleetId("grp", 2)}`;

const SENSOR_FILTERS = [
  "",
  ...SENSOR_STATUSES.map((status) => `status=${status}`),
  "status=offline,pending,blocked",
  ...SENSOR_PLATFORMS.map((platform) => `platform=${platform}`),
  ...[token, otherToken, group, otherGroup, "match=any", "match=any&platform=windows"],
  ...["version=2026.11.0", "version=2026.10.0", "version=no-such", "tag=pci", "tag=rare", "tag=pci,rare"],
  ...["address=10.0.0.7", "address=10.0.0.0/15", "address=10.0.8.0/21", "address=2001:db8::/32"],
  ...["notSeenFor=12h", "notSeenFor=7d", "notSeenFor=1m", "status=offline&notSeenFor=12h&platform=linux"],
  ...["online", "offline", "pending"].map((status) => `status=${status}&platform=linux`),
  ...["status=online&platform=darwin", `${token}&${otherGroup}`, `${otherToken}&status=offline`],
  ...[`tag=pci&${otherGroup}`, `version=2026.10.0&${otherToken}&status=online`],
  `status=online&platform=linux&${token}&${group}`,
];
const ASSET_FILTERS = ["", group, otherGroup, "type=server", "type=laptop", `type=server&${otherGroup}`];
const TOKEN_FILTERS = ["", "status=active", "warning=any", group, "q=token"];
const SEARCHES = ["host-0", "12345", "t-0777", "example", "no such host", "77", "zz", "ho", "10.0.0.7"].map(
  (text) => `q=${encodeURIComponent(text)}`,
);

interface SortableRoute {
  query: { shape: { sort: { unwrap(): { options: readonly string[] } } } };
}

/** Each filter by each column. An index is read in either direction, so the others have one order each. */
function combinations(list: string, { query }: SortableRoute, filters: readonly string[]): string[] {
  return query.shape.sort.unwrap().options.flatMap((sort, nthSort) =>
    filters.flatMap((filter, nth) => {
      const orders = nth < 3 ? ["asc", "desc"] : [(nth + nthSort) % 2 === 0 ? "asc" : "desc"];
      return orders.map((order) => `${list}?sort=${sort}&order=${order}${filter && `&${filter}`}`);
    }),
  );
}

const LISTS = [
  ...combinations("sensors", listSensors, SENSOR_FILTERS),
  ...combinations("assets", listAssets, ASSET_FILTERS),
  ...combinations("enrollment-tokens", listEnrollmentTokens, TOKEN_FILTERS),
  ...combinations("asset-groups", listAssetGroups, [""]),
];
const SEARCHED = [
  // Few names are sorted in memory, and many are found in the order of the list: a quarter shows both.
  ...combinations(
    "sensors",
    listSensors,
    SEARCHES.flatMap((search) => ["", "&status=online", `&${otherGroup}`].map((filter) => search + filter)),
  ).filter((_, nth) => nth % 4 === 0),
  ...combinations("assets", listAssets, SEARCHES),
];

/** Runs on throwaway data in `folder`. */
export async function benchLists(
  folder: string,
  postgres: () => Promise<BenchPostgres>,
  { sensors = FLEET, profile }: BenchOptions,
): Promise<Figure[]> {
  const figures = await measure(sensors, { dataDir: join(folder, "sqlite"), profile });
  await using database = await (await postgres()).createDatabase();
  const onPostgres = { dataDir: join(folder, "postgres"), databaseUrl: database.url, profile: undefined };
  return [...figures, ...(await measure(sensors, onPostgres))];
}

async function measure(sensors: number, target: TargetOptions): Promise<Figure[]> {
  const name = target.databaseUrl ? "PostgreSQL" : "SQLite";
  await using server = await openTarget({ ...target, environment: ENVIRONMENT });
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
  const lists = await readAll(get, [...LISTS, packages]);
  const searched = await readAll(get, [...SEARCHED, `${packages}&q=no+such+package`]);
  const counted = await readAll(get, ["sensor-counts"], COUNTS);
  const idle = await delayOfOthers(get, undefined);
  const delay = await delayOfOthers(get, `/api/v1/${lists.worst}`);
  const share = sensors > FLEET ? 1.5 : 1;
  const figure = (what: string, limitMs: number, values: number[]) =>
    plainFigure(`${what}, ${name}`, "ms", { atMost: limitMs }, values);
  return [
    figure(`p95 of ${lists.paths} lists by filter and sort`, LIMIT_MS * share, lists.p95),
    figure(`slowest list: ${lists.worst}`, LIMIT_MS * share, lists.ofWorst),
    figure(`p95 of ${searched.paths} searches`, SEARCH_LIMIT_MS, searched.p95),
    figure(`slowest search: ${searched.worst}`, SEARCH_LIMIT_MS, searched.ofWorst),
    figure("p95 of the numbers of the fleet", COUNTS_LIMIT_MS, counted.p95),
    figure("p99 of /healthz at rest", 20, [idle]),
    figure(`p99 of /healthz while ${CONNECTIONS} connections read the slowest list`, 50, [delay]),
  ];
}

type Get = (path: string) => Promise<{ ms: number; body: { nextCursor?: string | null } }>;

/** Reads the first pages of each path in each round, after one read that does not count. */
async function readAll(get: Get, paths: readonly string[], pages = PAGES) {
  const times = new Map(paths.map((path) => [path, [] as number[]]));
  const p95: number[] = [];
  for (const path of paths) await get(`/api/v1/${path}`);
  for (let round = 0; round < ROUNDS; round++) {
    const all: number[] = [];
    for (const [path, values] of times) {
      let cursor: string | null | undefined;
      for (let page = 0; page < pages; page++) {
        const after = cursor ? `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}` : "";
        const { ms, body } = await get(`/api/v1/${path}${after}`);
        values.push(ms);
        all.push(ms);
        cursor = body.nextCursor;
      }
    }
    p95.push(at(all, 0.95));
  }
  const slowest = [...times].toSorted(([, one], [, other]) => median(other) - median(one));
  for (const [path, values] of slowest.slice(0, SHOWN)) progress(`${Math.round(median(values))} ms: ${path}`);
  const [worst, ofWorst] = slowest[0]!;
  return { paths: paths.length, p95, worst, ofWorst };
}

/** Slow paths in the progress output. */
const SHOWN = 10;

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
