// A server that lost what it knew of its sensors: they come back by the command that deploys them, and by nothing else on any host.
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completeSetup, signIn } from "@attacklens/protocol/account.ts";
import { getConnection } from "@attacklens/protocol/connection.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { LostSensorRule } from "@attacklens/protocol/lost-sensors.ts";
import { deleteSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { ALL_KILLS } from "../../harness/all-kills.ts";
import { call, type Session } from "../../harness/api-client.ts";
import { type RunningServer, runSensor, startSensor, startServer } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { findFreePort } from "../support/nginx.ts";

const SENSORS = ALL_KILLS ? 20 : 8;
const AT_A_TIME = 4;
const TIMEOUT_MS = 240_000;
const PASSWORD = "violet tractor swims 42";
const CREDENTIALS = { email: "ada@example.com", password: PASSWORD };

/** A server at one address that can be stopped, lose its data, and start again; and hosts with a folder each. */
async function openScene(environment: Record<string, string> = {}) {
  await using opening = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "attacklens-disaster-"));
  opening.defer(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, "server");
  const listen = `127.0.0.1:${await findFreePort()}`;
  const logFile = join(folder, "server.log");
  let server: RunningServer;
  let session: Session;
  const start = async () => {
    const options = { ATTACKLENS_CHECK_IN_INTERVAL: "1", ...environment };
    server = await startServer({ dataDir, logFile, listen, environment: options });
    session = {};
    const code = server.setupLink && new URL(server.setupLink).hash.slice("#code=".length);
    if (code) await call(server.url, completeSetup, { body: { ...CREDENTIALS, code, name: "Ada" } }, session);
    else await call(server.url, signIn, { body: CREDENTIALS }, session);
  };
  await start();
  opening.defer(async () => void (await server.stop()));
  const opened = opening.move();
  const hosts = Array.from({ length: SENSORS }, (_, index) => join(folder, `host-${index}`));

  /** Does it on every host, a few at a time. */
  async function onEach<T>(work: (stateDir: string) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    for (let at = 0; at < hosts.length; at += AT_A_TIME)
      results.push(...(await Promise.all(hosts.slice(at, at + AT_A_TIME).map(work))));
    return results;
  }

  return {
    folder,
    hosts,
    dataDir,
    backup: join(folder, "backup"),
    stop: () => server.stop(),
    start,
    async createToken(name: string, reEnrollLost?: LostSensorRule): Promise<string> {
      const body = { name, scope: { type: "all-assets" as const }, expiresAt: null, reEnrollLost };
      return (await call(server.url, createEnrollmentToken, { body }, session)).value;
    },
    connection: () => call(server.url, getConnection, {}, session),
    sensors: async () => (await call(server.url, listSensors, { query: { limit: 100 } }, session)).items,
    delete: (id: string) => call(server.url, deleteSensor, { params: { id } }, session),
    enroll: (stateDir: string, value: string, ...more: string[]) =>
      runSensor(
        ["enroll", "--server", server.url, "--token", "-", "--state", stateDir, "--wait", "0", ...more],
        { stdin: value },
      ),
    onEach,
    runOnce: (stateDir: string) => runSensor(["run", "--once", "--state", stateDir]),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const idOf = (stateDir: string) =>
  (JSON.parse(readFileSync(join(stateDir, "identity.json"), "utf8")) as { sensorId: string }).sensorId;
const codesOf = (results: { code: number }[]) => [...new Set(results.map(({ code }) => code))];

test(
  "a restored older backup: all sensors come back by the deploy command, one of them while it runs",
  async () => {
    await using scene = await openScene();
    const value = await scene.createToken("Servers");
    await scene.stop();
    cpSync(scene.dataDir, scene.backup, { recursive: true });
    await scene.start();
    expect(codesOf(await scene.onEach((host) => scene.enroll(host, value)))).toEqual([0]);
    const ids = scene.hosts.map(idOf);
    await using running = startSensor({ stateDir: scene.hosts[0]!, logFile: join(scene.folder, "run.log") });
    await waitUntil("the sensors are back", async () =>
      (await scene.sensors()).some(({ status }) => status === "online"),
    );

    await scene.stop();
    rmSync(scene.dataDir, { recursive: true });
    cpSync(scene.backup, scene.dataDir, { recursive: true });
    await scene.start();
    expect((await scene.runOnce(scene.hosts[1]!)).code).toBe(9);
    const refused = await scene.onEach((host) => scene.enroll(host, value));
    expect(codesOf(refused)).toEqual([9]);
    expect(refused[3]?.stderr).toContain(
      `no longer knows this host: its signed reply says that it has no ${ids[3]}`,
    );
    expect(refused[3]?.stderr).toContain("--replace");
    expect(scene.hosts.map(idOf)).toEqual(ids);
    expect(await scene.sensors()).toEqual([]);

    const again = await scene.createToken("After the disaster", "always");
    const enrolled = await scene.onEach((host) => scene.enroll(host, again));
    expect(codesOf(enrolled)).toEqual([0]);
    expect(enrolled[3]?.stdout).toContain(` in place of ${ids[3]} of `);
    const renewed = scene.hosts.map(idOf);
    expect(new Set([...ids, ...renewed]).size).toBe(2 * SENSORS);
    // Once is enough: from now on they are known.
    expect((await scene.enroll(scene.hosts[3]!, again)).stdout).toContain(
      `already enrolled as ${renewed[3]} `,
    );
    expect(codesOf(await Promise.all(scene.hosts.slice(1, 5).map(scene.runOnce)))).toEqual([0]);
    expect((await scene.sensors()).map(({ id }) => id).sort()).toEqual([...renewed].sort());
    await waitUntil("the sensors are back", async () =>
      (await scene.sensors()).some(({ id, status }) => id === renewed[0] && status === "online"),
    );
    expect(await running.stop()).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  "a new empty server with another private CA: all sensors come back by the deploy command with the new pin",
  async () => {
    await using scene = await openScene({ ATTACKLENS_TLS: "private" });
    const value = await scene.createToken("Servers");
    const pinned = async () => ["--ca-pin", (await scene.connection()).caPin!];
    const oldPin = await pinned();
    expect(codesOf(await scene.onEach((host) => scene.enroll(host, value, ...oldPin)))).toEqual([0]);
    const ids = scene.hosts.map(idOf);
    await using running = startSensor({ stateDir: scene.hosts[0]!, logFile: join(scene.folder, "run.log") });
    await waitUntil("the sensors are back", async () =>
      (await scene.sensors()).some(({ status }) => status === "online"),
    );

    await scene.stop();
    rmSync(scene.dataDir, { recursive: true });
    mkdirSync(scene.dataDir, { mode: 0o700 });
    await scene.start();
    const again = await scene.createToken("A new beginning");
    const never = await scene.createToken("Never", "never");
    const newPin = await pinned();
    // By the pin that a host has, whoever else answers gets nothing, and the host keeps its identity.
    expect((await scene.enroll(scene.hosts[1]!, again, ...oldPin)).code).toBe(10);
    expect((await scene.enroll(scene.hosts[1]!, again)).code).toBe(10);
    const other = await scene.enroll(scene.hosts[1]!, never, ...newPin);
    expect(other.code).toBe(10);
    expect(other.stderr).toContain(`is not the server that this host is enrolled with as ${ids[1]}`);
    expect((await scene.enroll(scene.hosts[1]!, value, ...newPin)).code).toBe(3);
    expect(scene.hosts.map(idOf)).toEqual(ids);
    expect(await scene.sensors()).toEqual([]);

    expect(codesOf(await scene.onEach((host) => scene.enroll(host, again, ...newPin)))).toEqual([0]);
    const renewed = scene.hosts.map(idOf);
    expect(new Set([...ids, ...renewed]).size).toBe(2 * SENSORS);
    expect(codesOf(await Promise.all(scene.hosts.slice(1, 5).map(scene.runOnce)))).toEqual([0]);
    expect((await scene.sensors()).map(({ id }) => id).sort()).toEqual([...renewed].sort());
    await waitUntil("the sensors are back", async () =>
      (await scene.sensors()).some(({ id, status }) => id === renewed[0] && status === "online"),
    );
    expect(await running.stop()).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  "one host: --replace makes a lost sensor a new one, and leaves one that the server knows as it is",
  async () => {
    await using scene = await openScene();
    const [host] = scene.hosts as [string];
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
    expect(idOf(host)).not.toBe(first);
    expect((await scene.runOnce(host)).code).toBe(0);

    const second = idOf(host);
    await scene.stop();
    const away = await scene.enroll(host, value, "--replace");
    expect(away.code).toBe(4);
    expect(idOf(host)).toBe(second);
    await scene.start();
  },
  TIMEOUT_MS,
);
