// Kills the server with SIGKILL during a burst of enrollments. Acknowledged enrollments persist, and retries
// return them. Without LONG_TESTS=1, on one kind of database, drawn at random.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken, getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteOutput } from "@attacklens/protocol/route.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call, type Session } from "../../harness/api-client.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { type RunningServer, startServer } from "../../harness/programs.ts";
import { makeSigner } from "../../harness/signer.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

const HOSTS = LONG_TESTS ? 1_200 : 400;
/** The number of further acknowledgements before each kill: at the start of the burst, and later. */
const KILLED_AFTER = [1, 40, 100];
/** Requests at a time. Even with all replies that arrive after the kills, some hosts have no reply. */
const IN_FLIGHT = 60;

type Host = ReturnType<typeof makeSigner>;

/** Makes one attempt for one host. Returns undefined if the connection broke. */
async function tryToEnroll(url: string, host: Host, index: number, token: string) {
  const facts = {
    hostname: `host-${index}`,
    platform: "linux",
    architecture: "amd64",
    osName: "Debian GNU/Linux",
    osVersion: "12",
  };
  const body = {
    publicKey: host.publicKey,
    protocolVersion: SENSOR_PROTOCOL_VERSION,
    sensorVersion: RELEASE,
    host: facts,
  };
  const { path, init } = host.sign(enroll.path, body, host.publicKey, token);
  const reply = await fetch(url + path, init).catch(() => undefined);
  const text = await reply?.text().catch(() => undefined);
  return reply && text ? { status: reply.status, sensorId: JSON.parse(text).sensorId as string } : undefined;
}

/** Repeats the step in that many loops at once, each until the step returns false. */
async function inParallel(loops: number, step: () => Promise<boolean>): Promise<void> {
  const repeat = async () => {
    while (await step());
  };
  await Promise.all(Array.from({ length: loops }, repeat));
}

async function listAllSensors(url: string, session: Session) {
  const all: RouteOutput<typeof listSensors>["items"] = [];
  let cursor: string | null | undefined;
  do {
    const query = { limit: "100", ...(cursor ? { cursor } : {}) };
    const page = await call(url, listSensors, { query }, session);
    all.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return all;
}

for (const database of drawSome(["sqlite", "postgres"] as const)) {
  test(`a server killed during a burst keeps every acknowledged enrollment, and duplicates none (${database})`, async () => {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(openTemporaryFolder("faults")).path;
    const databaseUrl = database === "postgres" ? opened.use(await createTestDatabase()).url : undefined;
    const dataDir = join(folder, "server");
    const logFile = join(folder, "server.log");
    const start = async (): Promise<RunningServer> =>
      opened.use(await startServer({ dataDir, logFile, databaseUrl }));

    let server = await start();
    const { session } = await createSuperAdmin(server, dataDir);
    const body = {
      name: "Burst",
      scope: { type: "all-assets" },
      expiresAt: null,
      maxEnrollments: HOSTS,
    } as const;
    const { value, enrollmentToken } = await call(server.url, createEnrollmentToken, { body }, session);

    const hosts = Array.from({ length: HOSTS }, () => makeSigner());
    const acknowledged = new Map<number, string>();
    for (const acknowledgements of KILLED_AFTER) {
      const { pid, url } = server;
      const killAt = acknowledged.size + acknowledgements;
      const waiting = hosts.flatMap((host, index) => (acknowledged.has(index) ? [] : [{ host, index }]));
      let killed = false;
      await inParallel(IN_FLIGHT, async () => {
        const next = killed ? undefined : waiting.shift();
        if (!next) return false;
        const reply = await tryToEnroll(url, next.host, next.index, value);
        if (reply?.status !== 201) return true;
        acknowledged.set(next.index, reply.sensorId);
        if (acknowledged.size === killAt) killed = process.kill(pid, "SIGKILL");
        return true;
      });
      expect(killed).toBe(true);
      await server.exited;
      server = await start();
      const kept = new Set((await listAllSensors(server.url, session)).map(({ id }) => id));
      for (const sensorId of acknowledged.values()) expect(kept).toContain(sensorId);
    }
    // Some hosts have no reply, regardless of the number of requests in flight at each kill.
    expect(acknowledged.size).toBeLessThan(HOSTS);

    // Every host retries, twice concurrently: those with a reply, those without one, and those whose request
    // was lost.
    const { url } = server;
    const retries = await Promise.all(
      [...hosts, ...hosts].map((host, index) => tryToEnroll(url, host, index % HOSTS, value)),
    );
    for (const [index, reply] of retries.entries()) {
      const earlier = acknowledged.get(index % HOSTS) ?? retries[index % HOSTS]?.sensorId;
      expect(reply).toEqual({ status: 201, sensorId: earlier! });
    }
    const sensors = await listAllSensors(url, session);
    expect(sensors.map(({ hostname }) => hostname).toSorted()).toEqual(
      hosts.map((_, index) => `host-${index}`).toSorted(),
    );
    expect(new Set(sensors.map(({ asset }) => asset.id)).size).toBe(HOSTS);
    const token = await call(url, getEnrollmentToken, { params: { id: enrollmentToken.id } }, session);
    expect(token).toMatchObject({ status: "used-up", enrolledSensors: HOSTS, refusedAttempts: 0 });
  });
}
