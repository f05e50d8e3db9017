// Measures lists with a fleet of 100,000 sensors: the time of each sort and filter, and how long the slowest
// one delays other requests.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { SQL } from "bun";
import { call } from "../harness/api-client.ts";
import { createSuperAdmin } from "../harness/first-day.ts";
import { fleetId, fleetStatements } from "../harness/fleet-rows.ts";
import { startServer } from "../harness/programs.ts";
import { largeHost } from "./made-inventory.ts";
import { enrollHost } from "./reporting-host.ts";

const SENSORS = 100_000;
const PACKAGES = 49_000;
const REQUESTS_A_LIST = 10;
const CONNECTIONS = 16;
const HOLD_MS = 5_000;

const token = fleetId("tok", 1);
const group = fleetId("grp", 1);
const sensorFilters = [
  "",
  "q=host-0",
  "q=no+such+host",
  "platform=linux",
  "platform=darwin",
  "match=any",
].concat(
  ["removed", "replaced", "uninstalled", "blocked", "awaiting-approval", "pending", "online", "offline"].map(
    (status) => `status=${status}`,
  ),
  [
    `enrollmentTokenId=${token}`,
    `assetGroupId=${group}`,
    "status=online&platform=darwin",
    "status=online&q=no+such",
  ],
);
const pathsOf = (sensor: string) => [
  ...["hostname", "lastSeenAt", "enrolledAt"].flatMap((sort) =>
    sensorFilters.map((filter) => `sensors?sort=${sort}&limit=200&${filter}`),
  ),
  ...["name", "createdAt"].flatMap((sort) =>
    ["", "q=no+such+host", `assetGroupId=${group}`].map(
      (filter) => `assets?sort=${sort}&limit=200&${filter}`,
    ),
  ),
  ...["", "outcome=refused", "q=no+such+host", `enrollmentTokenId=${token}`].map(
    (filter) => `enrollment-attempts?limit=200&${filter}`,
  ),
  ...["createdAt", "enrolledSensors", "lastUsedAt"].map((sort) => `enrollment-tokens?sort=${sort}`),
  "asset-groups?sort=assets",
  `sensors/${sensor}`,
  `sensors/${sensor}/inventory/packages?limit=200`,
  `sensors/${sensor}/inventory/packages?limit=200&q=no+such+package`,
  `enrollment-tokens/${token}/preview`,
  `enrollment-tokens/${token}/rollout`,
  `enrollment-tokens/${token}/rollout/timeline`,
  // Since before the first sensor: as many arrivals as the token has sensors.
  `enrollment-tokens/${token}/arrivals?since=2020-01-01T00:00:00Z`,
];

/** Runs on throwaway data in `folder`, or in the given empty database. */
export async function benchLists(folder: string, databaseUrl?: string) {
  const dataDir = join(folder, databaseUrl ? "lists-postgres" : "lists-sqlite");
  await using server = await startServer({ dataDir, logFile: `${dataDir}.log`, databaseUrl });
  const { session } = await createSuperAdmin(server, dataDir);
  await seed(dataDir, databaseUrl);
  const body = { name: "Bench", scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value } = await call(server.url, createEnrollmentToken, { body }, session);
  const host = await enrollHost(server.url, value, SENSORS);
  await host.report(largeHost(PACKAGES));
  const get = async (path: string): Promise<number> => {
    const startedAt = performance.now();
    const reply = await fetch(`${server.url}${path}`, { headers: { cookie: session.cookie ?? "" } });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`);
    return performance.now() - startedAt;
  };
  const lists: Record<string, { medianMs: number; longestMs: number }> = {};
  for (const path of pathsOf(host.id)) {
    const tookMs: number[] = [];
    for (let request = 0; request < REQUESTS_A_LIST; request++) tookMs.push(await get(`/api/v1/${path}`));
    lists[path] = { medianMs: at(tookMs, 0.5), longestMs: at(tookMs, 1) };
  }
  const slowest = Object.entries(lists)
    .toSorted(([, left], [, right]) => right.medianMs - left.medianMs)
    .slice(0, 5)
    .map(([path]) => path);
  const holds: Record<string, { healthMedianMs: number; healthP99Ms: number }> = {};
  for (const path of ["", ...slowest]) holds[path || "idle"] = await hold(get, path);
  return { sensors: SENSORS, holds, lists };
}

/**
 * Measures how long other requests wait while the given number of connections request one list repeatedly.
 */
async function hold(get: (path: string) => Promise<number>, path: string) {
  const until = performance.now() + HOLD_MS;
  const asking = Array.from({ length: path === "" ? 0 : CONNECTIONS }, async () => {
    // The status does not matter: only the delay of other requests is measured.
    while (performance.now() < until) await get(`/api/v1/${path}`).catch(() => undefined);
  });
  const healthMs: number[] = [];
  while (performance.now() < until) {
    healthMs.push(await get("/healthz"));
    await Bun.sleep(5);
  }
  await Promise.all(asking);
  return { healthMedianMs: at(healthMs, 0.5), healthP99Ms: at(healthMs, 0.99) };
}

function at(values: number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!.toPrecision(3));
}

async function seed(dataDir: string, databaseUrl: string | undefined): Promise<void> {
  const dialect = databaseUrl ? "postgres" : "sqlite";
  const statements = fleetStatements({ dialect, sensors: SENSORS, now: Date.now() });
  if (databaseUrl) {
    await using sql = new SQL(databaseUrl, { max: 1 });
    for (const statement of [...statements, "vacuum analyze"]) await sql.unsafe(statement);
    return;
  }
  using sqlite = new Database(join(dataDir, "attacklens.db"));
  sqlite.run("PRAGMA busy_timeout = 30000");
  for (const statement of statements) sqlite.run(statement);
}
