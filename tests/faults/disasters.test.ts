// A server loses the records of its sensors. Running the deploy command again re-enrolls them, and no host
// needs anything else. With LONG_TESTS=1, with many hosts and both databases. Otherwise, each disaster draws
// its database.
import { expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { getConnection } from "@attacklens/protocol/connection.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { LostSensorRule } from "@attacklens/protocol/lost-sensors.ts";
import { deleteSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { call, type Session } from "../../harness/api-client.ts";
import { copyTestDatabase, createTestDatabase, type TestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { findFreePort } from "../../harness/free-port.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import {
  type RunningProgram,
  type RunningServer,
  runSensor,
  startSensor,
  startServer,
} from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { reportOnce } from "../support/sensors.ts";
import { onSmallHost } from "../support/small-host.ts";

type DatabaseName = "sqlite" | "postgres";

const HOSTS = LONG_TESTS ? 20 : 2;
const AT_A_TIME = 4;
const MACHINE_IS_BUSY_MS = 60_000;
const TIMEOUT_MS = 180_000 + HOSTS * 20_000;

/** Opens a server whose data can be lost or restored from a backup, and hosts with one folder each. */
async function openScene(database: DatabaseName, environment: Record<string, string> = {}) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(openTemporaryFolder("disaster")).path;
  const data = openData(database, join(folder, "server"), opening.use(new AsyncDisposableStack()));
  const listen = `127.0.0.1:${await findFreePort()}`;
  let server: RunningServer;
  let session: Session = {};
  const start = async () => {
    server = await startServer({
      dataDir: data.dir,
      databaseUrl: await data.databaseUrl(),
      logFile: join(folder, "server.log"),
      listen,
      environment: { ATTACKLENS_CHECK_IN_INTERVAL: "5", ...environment },
    });
    // A session from before a restore stays valid while its user exists.
    if (server.setupLink) session = (await createSuperAdmin(server, data.dir)).session;
  };
  await start();
  opening.defer(async () => void (await server.stop()));
  const restart = async (change: () => void | Promise<void>) => {
    await server.stop();
    await change();
    await start();
  };
  const enroll = (stateDir: string, value: string, ...more: string[]) =>
    runSensor(
      [
        "enroll",
        "--server",
        server.url,
        "--token",
        "-",
        "--state",
        stateDir,
        "--wait",
        "0",
        ...onSmallHost(folder),
        ...more,
      ],
      { stdin: value },
    );
  const sensors = async () => (await call(server.url, listSensors, { query: { limit: 100 } }, session)).items;
  const hosts = Array.from({ length: HOSTS }, (_, index) => join(folder, `host-${index}`));
  const opened = opening.move();

  return {
    hosts,
    restart,
    data,
    enroll,
    runOnce: reportOnce,
    sensors,
    async createToken(name: string, reEnrollLost?: LostSensorRule): Promise<string> {
      const body = { name, scope: { type: "all-assets" as const }, expiresAt: null, reEnrollLost };
      return (await call(server.url, createEnrollmentToken, { body }, session)).value;
    },
    caPin: async () => (await call(server.url, getConnection, {}, session)).caPin!,
    delete: (id: string) => call(server.url, deleteSensor, { params: { id } }, session),
    enrollAll: (value: string, ...more: string[]) =>
      forEach(hosts, (stateDir) => enroll(stateDir, value, ...more)),
    /** Starts the sensor of the first host. Resolves after the server accepts a report. */
    async runFirst() {
      const running = startSensor({
        stateDir: hosts[0]!,
        logFile: join(folder, "run.log"),
        args: onSmallHost(folder),
      });
      await waitUntil("the running sensor reports", () => isConnected(hosts[0]!), MACHINE_IS_BUSY_MS);
      return running;
    },
    /**
     * Expects that every host has a new sensor that reports, and that the first one was not restarted for it.
     */
    async expectAllBack(before: string[], running: RunningProgram) {
      const renewed = hosts.map(idOf);
      expect(new Set([...before, ...renewed]).size).toBe(2 * HOSTS);
      expect(codesOf(await forEach(hosts.slice(1), (host) => reportOnce(host)))).toEqual([0]);
      await waitUntil("the running sensor reports again", () => isConnected(hosts[0]!), MACHINE_IS_BUSY_MS);
      const found = await sensors();
      expect(found.map(({ id }) => id).sort()).toEqual([...renewed].sort());
      // The sensors that ran once may be offline by now.
      expect(found.filter(({ status }) => status !== "online" && status !== "offline")).toEqual([]);
      expect(await running.stop()).toBe(0);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The data of a server. It can be backed up, restored and deleted while the server is stopped. */
function openData(kind: DatabaseName, dir: string, opened: AsyncDisposableStack) {
  const backup = `${dir}-backup`;
  let database: TestDatabase | undefined;
  let databaseBackup: TestDatabase | undefined;
  const copy = async (original: TestDatabase) => opened.use(await copyTestDatabase(original));
  return {
    dir,
    async databaseUrl(): Promise<string | undefined> {
      if (kind === "postgres") database ??= opened.use(await createTestDatabase());
      return database?.url;
    },
    async backUp() {
      cpSync(dir, backup, { recursive: true });
      if (database) databaseBackup = await copy(database);
    },
    /** With PostgreSQL, the server's folder contains no data and is not restored. */
    async restore() {
      if (databaseBackup) {
        database = await copy(databaseBackup);
        return;
      }
      rmSync(dir, { recursive: true });
      cpSync(backup, dir, { recursive: true });
    },
    lose() {
      rmSync(dir, { recursive: true });
      mkdirSync(dir, { mode: 0o700 });
      database = undefined;
    },
  };
}

/** Runs `work` on every host, a few at a time. */
async function forEach<T>(hosts: string[], work: (stateDir: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let at = 0; at < hosts.length; at += AT_A_TIME)
    results.push(...(await Promise.all(hosts.slice(at, at + AT_A_TIME).map(work))));
  return results;
}

const idOf = (stateDir: string) =>
  (JSON.parse(readFileSync(join(stateDir, "identity.json"), "utf8")) as { sensorId: string }).sensorId;
/** Reads the file that the sensor writes in each cycle. That is cheaper than polling the server. */
function isConnected(stateDir: string): boolean {
  const path = join(stateDir, "status.json");
  return existsSync(path) && JSON.parse(readFileSync(path, "utf8")).state === "connected";
}
const codesOf = (results: { code: number }[]) => [...new Set(results.map(({ code }) => code))];

const DATABASES = ["sqlite", "postgres"] as const;

for (const database of drawSome(DATABASES))
  test(
    `after an older backup is restored, the deploy command re-enrolls all sensors, even a running one (${database})`,
    async () => {
      await using scene = await openScene(database);
      const value = await scene.createToken("Servers");
      await scene.restart(scene.data.backUp);
      expect(codesOf(await scene.enrollAll(value))).toEqual([0]);
      const ids = scene.hosts.map(idOf);
      await using running = await scene.runFirst();

      await scene.restart(scene.data.restore);
      expect((await scene.runOnce(scene.hosts[1]!)).code).toBe(9);
      const refused = await scene.enrollAll(value);
      expect(codesOf(refused)).toEqual([9]);
      expect(refused[1]?.stderr).toContain(
        `has no record of this host: its signed reply says that ${ids[1]} with this key does not exist`,
      );
      expect(refused[1]?.stderr).toContain("--replace");
      expect(scene.hosts.map(idOf)).toEqual(ids);
      expect(await scene.sensors()).toEqual([]);

      const again = await scene.createToken("After the disaster", "always");
      const enrolled = await scene.enrollAll(again);
      expect(codesOf(enrolled)).toEqual([0]);
      expect(enrolled[1]?.stdout).toContain(` in place of ${ids[1]} of `);
      // Running it a second time changes nothing.
      expect((await scene.enroll(scene.hosts[1]!, again)).stdout).toContain(
        `already enrolled as ${idOf(scene.hosts[1]!)} `,
      );
      await scene.expectAllBack(ids, running);
    },
    TIMEOUT_MS,
  );

for (const database of drawSome(DATABASES))
  test(
    `with a new, empty server and a new private CA, the deploy command with the new pin re-enrolls all sensors (${database})`,
    async () => {
      await using scene = await openScene(database, { ATTACKLENS_TLS: "private" });
      const value = await scene.createToken("Servers");
      const oldPin = ["--ca-pin", await scene.caPin()];
      expect(codesOf(await scene.enrollAll(value, ...oldPin))).toEqual([0]);
      const ids = scene.hosts.map(idOf);
      await using running = await scene.runFirst();

      await scene.restart(scene.data.lose);
      const again = await scene.createToken("A new beginning");
      const never = await scene.createToken("Never", "never");
      const newPin = ["--ca-pin", await scene.caPin()];
      const host = scene.hosts[1]!;
      // With the old pin, the host sends nothing to another server and keeps its identity.
      expect((await scene.enroll(host, again, ...oldPin)).code).toBe(10);
      expect((await scene.enroll(host, again)).code).toBe(10);
      const other = await scene.enroll(host, never, ...newPin);
      expect(other.code).toBe(10);
      expect(other.stderr).toContain(`is not the server that this host is enrolled with as ${ids[1]}`);
      expect((await scene.enroll(host, value, ...newPin)).code).toBe(3);
      expect(scene.hosts.map(idOf)).toEqual(ids);
      expect(await scene.sensors()).toEqual([]);

      expect(codesOf(await scene.enrollAll(again, ...newPin))).toEqual([0]);
      await scene.expectAllBack(ids, running);
    },
    TIMEOUT_MS,
  );

for (const database of drawSome(DATABASES))
  test(
    `--replace re-enrolls a sensor that the server lost, and does not change a sensor that it still has (${database})`,
    async () => {
      await using scene = await openScene(database);
      const host = scene.hosts[0]!;
      const value = await scene.createToken("Servers", "never");
      await scene.enroll(host, value);
      const first = idOf(host);
      const known = await scene.enroll(host, value, "--replace");
      expect(known).toMatchObject({ code: 0, stderr: "" });
      expect(known.stdout).toContain(`already enrolled as ${first} `);

      await scene.delete(first);
      expect((await scene.enroll(host, value)).code).toBe(9);
      expect((await scene.enroll(host, "", "--replace")).code).not.toBe(0);
      expect(idOf(host)).toBe(first);
      expect((await scene.enroll(host, value, "--replace")).code).toBe(0);
      const second = idOf(host);
      expect(second).not.toBe(first);
      expect((await scene.runOnce(host)).code).toBe(0);

      await scene.restart(async () => {
        expect((await scene.enroll(host, value, "--replace")).code).toBe(4);
      });
      expect(idOf(host)).toBe(second);
    },
    TIMEOUT_MS,
  );
