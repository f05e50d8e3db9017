// A server of several processes as a service of a real systemd, on a PostgreSQL database, while clients send
// requests: what systemd shows is right, and no request that the server carried out is left without a reply.
// In the long form only. On a busy machine, a client may connect and send its request so late that the server
// has ended: its connection is reset, and nothing has changed.
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { completeSetup } from "@attacklens/protocol/account.ts";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { SQL } from "bun";
import { call, type Session } from "../../harness/api-client.ts";
import { SERVER } from "../../harness/build.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { findFreePort } from "../../harness/free-port.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { PASSWORD } from "../support/installation.ts";
import { compileRelease, makeDeb } from "../support/packages.ts";
import { openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";

const LATER = "9999.12.0";
const PROCESSES = 3;
const CLIENTS = 6;
const RESTARTS = 5;
const reason = LONG_TESTS ? whyNoSystemd() : "only in the long form";
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

function administer(host: SystemdHost) {
  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await host.run(args);
    if (code !== 0) throw new Error(`${args.join(" ")} failed with ${code}:\n${stdout}${stderr}`);
    return stdout + stderr;
  }
  async function show() {
    const properties = ["ActiveState", "SubState", "Result", "MainPID", "NRestarts"];
    const shown = await run("systemctl", "show", "attacklens", `--property=${properties.join()}`);
    return Object.fromEntries(
      shown
        .trim()
        .split("\n")
        .map((line) => line.split("=", 2)),
    ) as Record<string, string>;
  }
  /** The processes of the service, the first one first. */
  async function processes(): Promise<number[]> {
    const { MainPID } = await show();
    const { stdout } = await host.run(["cat", `/proc/${MainPID}/task/${MainPID}/children`]);
    return MainPID === "0" ? [] : [MainPID!, ...stdout.trim().split(" ")].filter(Boolean).map(Number);
  }
  return { run, show, processes };
}

/** Creates asset groups until `end`, each over its own connection. */
function keepCreating(url: string, { cookie }: Session) {
  let isOver = false;
  const acknowledged: string[] = [];
  const failures: { name: string; error: string }[] = [];
  let refusedConnections = 0;
  const create = (name: string) =>
    new Promise<void>((resolve) => {
      const body = JSON.stringify({ name });
      const headers = { "content-type": "application/json", "content-length": body.length, cookie };
      const sent = request(url + createAssetGroup.path, {
        ...{ method: "POST", agent: false, headers: { ...headers, origin: url } },
      });
      sent.once("response", (reply) => {
        if (reply.statusCode === 201) acknowledged.push(name);
        else failures.push({ name, error: `status ${reply.statusCode}` });
        reply.resume().once("close", resolve);
      });
      sent.once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED") refusedConnections++;
        else failures.push({ name, error: error.code ?? error.message });
        resolve();
      });
      sent.end(body);
    });
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!isOver) await create(crypto.randomUUID());
  });
  return {
    acknowledged,
    failures,
    /** Connections while no process listens. */
    refusedConnections: () => refusedConnections,
    async some(): Promise<void> {
      const before = acknowledged.length;
      await waitUntil("more requests are acknowledged", () => acknowledged.length > before + 2 * CLIENTS);
    },
    async end(): Promise<void> {
      isOver = true;
      await Promise.all(clients);
    },
  };
}

test.skipIf(reason !== undefined)(
  `a server of several processes starts, stops, restarts and is upgraded by systemd without losing a request${skipped}`,
  async () => {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(openTemporaryFolder("processes-of-systemd")).path;
    const database = opened.use(await createTestDatabase());
    const host = opened.use(await openSystemdHost("bookworm"));
    const admin = administer(host);
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const install = async (release: string) => {
      const { path } = await makeDeb(await compileRelease(SERVER, release, folder), folder);
      host.put(path, `/root/${release}.deb`);
      await admin.run("dpkg", "--install", `/root/${release}.deb`);
    };
    const settings = join(host.root, "etc/attacklens/attacklens.env");
    // Some kernels let only administrators attach the filter that a listener has when it stops.
    const dropIn = join(host.root, "etc/systemd/system/attacklens.service.d");
    mkdirSync(dropIn);
    const added = ["CapabilityBoundingSet", "AmbientCapabilities"].map((name) => `${name}=CAP_NET_ADMIN\n`);
    writeFileSync(join(dropIn, "test.conf"), `[Service]\n${added.join("")}`);
    await install(RELEASE);
    await admin.run("systemctl", "stop", "attacklens");
    const chosen = [
      `ATTACKLENS_LISTEN=${new URL(url).host}`,
      `DATABASE_URL=${database.url}`,
      `ATTACKLENS_SECRET=${crypto.randomUUID()}`,
      `ATTACKLENS_PROCESSES=${PROCESSES}`,
    ];
    const written = `${readFileSync(settings, "utf8")}${chosen.join("\n")}\n`;

    // Wrong settings: no restart corrects them, and systemd shows the failure.
    writeFileSync(settings, written.replace(`PROCESSES=${PROCESSES}`, "PROCESSES=none"));
    expect((await host.run(["systemctl", "start", "attacklens"])).code).not.toBe(0);
    expect(await admin.show()).toMatchObject({ Result: "exit-code", NRestarts: "0" });

    writeFileSync(settings, written);
    await admin.run("systemctl", "restart", "attacklens");
    const untilReady = () =>
      waitUntil("all processes serve", async () => {
        const ready = await fetch(`${url}/readyz`).catch(() => undefined);
        return ready?.ok && (await admin.processes()).length === PROCESSES;
      });
    await untilReady();
    const code = await waitUntil("the journal has the set-up link", async () => {
      const { stdout } = await host.run(["journalctl", "--unit=attacklens", "--output=cat"]);
      return /\/setup#code=(\S+)/.exec(stdout)?.[1];
    });
    const session: Session = {};
    const user = { name: "Ada", email: "ada@example.com", password: PASSWORD };
    await call(url, completeSetup, { body: { code: decodeURIComponent(code), ...user } }, session);
    const running = { ActiveState: "active", SubState: "running", Result: "success" };
    expect(await admin.show()).toMatchObject({ ...running, NRestarts: "0" });

    const load = keepCreating(url, session);
    await using sql = new SQL(database.url, { max: 1 });
    /** The server has not carried out what it did not acknowledge. */
    const expectReplies = async () => {
      const groups = (await sql`select name from asset_group`) as { name: string }[];
      const carriedOut = new Set(groups.map(({ name }) => name));
      expect(load.failures.filter(({ name }) => carriedOut.has(name))).toEqual([]);
      expect(load.failures.filter(({ error }) => error !== "ECONNRESET")).toEqual([]);
      expect(load.failures.length).toBeLessThanOrEqual(CLIENTS);
    };
    for (let restart = 0; restart < RESTARTS; restart++) {
      await load.some();
      const before = await admin.processes();
      await admin.run("systemctl", "restart", "attacklens");
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      await untilReady();
      expect((await admin.processes()).filter((pid) => before.includes(pid))).toEqual([]);
    }
    await load.some();
    expect(await admin.show()).toMatchObject({ ...running, NRestarts: "0" });

    // A reload keeps the processes.
    const kept = await admin.processes();
    await admin.run("systemctl", "reload", "attacklens");
    await load.some();
    expect(await admin.processes()).toEqual(kept);
    await expectReplies();

    // One process is killed: the service stays, and starts another one. Only its requests fail.
    const { MainPID } = await admin.show();
    const killed = kept[1]!;
    await admin.run("sh", "-c", `kill -KILL ${killed}`);
    await waitUntil("another process has started", async () => {
      const now = await admin.processes();
      return now.length === PROCESSES && !now.includes(killed);
    });
    expect(await admin.show()).toMatchObject({ ...running, MainPID, NRestarts: "0" });
    await load.some();
    expect(load.failures.length).toBeLessThanOrEqual(CLIENTS);
    load.failures.length = 0;

    // An upgrade replaces all processes.
    await install(LATER);
    await untilReady();
    for (const pid of await admin.processes())
      expect(await admin.run(`/proc/${pid}/exe`, "version")).toContain(LATER);
    await load.some();
    await expectReplies();

    // The first process is killed: the others end, and systemd starts the service again.
    const { MainPID: first } = await admin.show();
    await admin.run("sh", "-c", `kill -KILL ${first}`);
    await waitUntil("systemd has started it again", async () => (await admin.show()).NRestarts === "1");
    await untilReady();
    await load.some();

    // A stop completes all requests, and leaves no process.
    load.failures.length = 0;
    await admin.run("systemctl", "stop", "attacklens");
    await waitUntil("connections are refused", () => load.refusedConnections() > 0);
    await load.end();
    await expectReplies();
    expect(await admin.show()).toMatchObject({ ActiveState: "inactive", Result: "success" });
    const stored = (await sql`select name from asset_group`) as { name: string }[];
    const names = new Set(stored.map(({ name }) => name));
    expect(load.acknowledged.filter((name) => !names.has(name))).toEqual([]);
    expect(names.size).toBe(stored.length);
    expect(
      readdirSync(join(host.root, "var/lib/attacklens")).filter((name) => name.endsWith(".new")),
    ).toEqual([]);
  },
  900_000,
);
