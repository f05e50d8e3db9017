// One server of three processes that share a port and a PostgreSQL database: what it promises does not depend
// on the process that gets a connection. Each request here opens a connection.
import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { completeSetup } from "@attacklens/protocol/account.ts";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { blockSensor } from "@attacklens/protocol/sensors.ts";
import { call } from "../../harness/api-client.ts";
import { makeCa, makeLeaf } from "../../harness/certificates.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { startServer } from "../../harness/programs.ts";
import { makeSigner } from "../../harness/signer.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";

const PROCESSES = 3;
const METRICS_TOKEN = "a token for metrics";
const SENDER = { protocolVersion: 1, sensorVersion: "2026.11.0" };
const HOST = {
  ...{ hostname: "web-01", platform: "linux", architecture: "amd64" },
  ...{ osName: "Debian GNU/Linux", osVersion: "12 (bookworm)" },
};

/** Sends one request over a new connection. Rejects if the connection ends without a reply. */
function ask(url: string, path: string, { method = "GET", headers = {}, body = "" }: Asked = {}) {
  return new Promise<{ status: number; text: string; fingerprint: string }>((resolve, reject) => {
    const { port } = new URL(url);
    let [reply, fingerprint] = ["", ""];
    const socket = connect({ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false }, () => {
      fingerprint = socket.getPeerCertificate().fingerprint256;
      const fields = { host: `127.0.0.1:${port}`, connection: "close", ...headers };
      const lines = Object.entries({ ...fields, "content-length": String(Buffer.byteLength(body)) });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      socket.write(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`);
    });
    socket.on("data", (data) => {
      reply += data.toString();
    });
    socket.once("error", reject);
    socket.once("close", () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1]);
      if (!status) return reject(new Error(`no reply to ${path}`));
      resolve({ status, text: reply.slice(reply.indexOf("\r\n\r\n") + 4), fingerprint });
    });
  });
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function openServer(opened: AsyncDisposableStack) {
  const folder = opened.use(openTemporaryFolder("processes")).path;
  const database = opened.use(await createTestDatabase());
  const files = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
  const root = await makeCa("a root of the tests");
  /** Writes a new certificate, and returns its fingerprint. */
  const renew = async () => {
    const leaf = await makeLeaf(root);
    writeFileSync(files.certificate, leaf.certificate);
    writeFileSync(files.key, leaf.privateKey);
    return new X509Certificate(leaf.certificate).fingerprint256;
  };
  await renew();
  const logFile = join(folder, "server.log");
  const server = await startServer({
    ...{ dataDir: join(folder, "data"), logFile, databaseUrl: database.url },
    environment: {
      ATTACKLENS_PROCESSES: String(PROCESSES),
      ATTACKLENS_METRICS_TOKEN: METRICS_TOKEN,
      ATTACKLENS_TLS_CERT: files.certificate,
      ATTACKLENS_TLS_KEY: files.key,
      ATTACKLENS_SECRET: "a secret that no command line shows",
    },
  });
  opened.use(server);
  /** The processes that have started, in this order, also those that have ended. */
  const started = () =>
    readFileSync(logFile, "utf8")
      .split("\n")
      .filter((line) => line.includes('"msg":"started"'))
      .map((line) => JSON.parse(line) as { process: number; pid: number });
  return { server, folder, renew, started };
}

/** Returns the processes whose metrics any process returns, and their check-ins. */
async function readMetrics(url: string) {
  const { text } = await ask(url, "/metrics", { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  const count =
    /^attacklens_http_requests_total\{.*route="\/sensor\/v1\/check-in".*process="(\d)"\} (\d+)$/gm;
  const processes = new Set([...text.matchAll(/process="(\d)"/g)].map(([, process]) => process));
  const checkIns = [...text.matchAll(count)].map(([, process, requests]) => [process, Number(requests)]);
  return { processes: [...processes].sort(), checkIns: checkIns as [string, number][] };
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test.skipIf(process.platform !== "linux")(
  "three processes of one server keep the promises of one",
  async () => {
    await using opened = new AsyncDisposableStack();
    const { server, folder, renew, started } = await openServer(opened);
    const { url } = server;

    // Wrong set-up codes count together, as failed sign-ins do.
    const user = { name: "Ada", email: "ada@example.com", password: crypto.randomUUID() };
    const wrong = JSON.stringify({ ...user, code: "x".repeat(32) });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 11; attempt++) {
      const headers = { "content-type": "application/json", origin: url };
      statuses.push((await ask(url, completeSetup.path, { method: "POST", headers, body: wrong })).status);
    }
    expect(new Set(statuses.slice(0, 10))).not.toContain(429);
    expect(statuses.at(-1)).toBe(429);
    const { session } = await createSuperAdmin(server, join(folder, "data"));
    const children = () => started().filter(({ process }) => process > 1);
    expect(started().map(({ process }) => process)).toContainAllValues([1, 2, 3]);
    for (const { pid } of started())
      expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain("a secret");

    // A sensor enrolls with one process and checks in with all of them.
    const body = { name: "Servers", scope: { type: "all-assets" }, expiresAt: null } as const;
    const { value: token } = await call(url, createEnrollmentToken, { body }, session);
    const signer = makeSigner();
    const send = async ({ path, init }: ReturnType<typeof signer.sign>) =>
      await ask(url, path, init as Asked & { headers: Record<string, string> });
    const enrollment = { ...SENDER, publicKey: signer.publicKey, host: HOST };
    const enrolled = await send(signer.sign(enroll.path, enrollment, signer.publicKey, token));
    const { sensorId } = JSON.parse(enrolled.text) as { sensorId: string };
    const failed = { status: "failed", reason: "not collected" };
    const inventory = Object.fromEntries(CATEGORIES.map((category) => [category, failed]));
    const sendCheckIn = () => send(signer.sign(checkIn.path, { ...SENDER, inventory }, sensorId));
    let accepted = 0;
    await waitUntil("each process has accepted a check-in", async () => {
      expect((await sendCheckIn()).status).toBe(200);
      accepted++;
      const { processes, checkIns } = await readMetrics(url);
      expect(processes).toEqual(["1", "2", "3"]);
      expect(checkIns.reduce((sum, [, requests]) => sum + requests, 0)).toBe(accepted);
      return checkIns.length === PROCESSES;
    });

    // Every process refuses a blocked sensor from the first request on.
    await call(url, blockSensor, { params: { id: sensorId } }, session);
    for (let sent = 0; sent < 4 * PROCESSES; sent++) expect((await sendCheckIn()).status).toBe(403);

    // New certificates under load refuse and reset no connection.
    let isOver = false;
    let answered = 0;
    const failures: unknown[] = [];
    const underWay = new Set<Promise<void>>();
    const clients = Array.from({ length: 3 }, async () => {
      while (!isOver) {
        const asked = ask(url, "/healthz").then(
          ({ status }) => void (status === 200 ? answered++ : failures.push(status)),
          (error: unknown) => void failures.push(error),
        );
        underWay.add(asked);
        await asked;
        underWay.delete(asked);
      }
    });
    for (let swap = 0; swap < (LONG_TESTS ? 20 : 2); swap++) {
      const [before, answeredBefore] = [[...underWay], answered];
      const fingerprint = await renew();
      process.kill(server.pid, "SIGHUP");
      let inARow = 0;
      await waitUntil("all processes show the new certificate", async () => {
        const shown = await ask(url, "/healthz");
        inARow = shown.fingerprint === fingerprint ? inARow + 1 : 0;
        return inARow === 4 * PROCESSES;
      });
      // The next change ends the connections from before this one.
      await Promise.all(before);
      await waitUntil("more requests", () => answered > answeredBefore + 10);
    }
    isOver = true;
    await Promise.all(clients);
    expect(failures).toEqual([]);

    // Killing a process loses nothing that it acknowledged, and another one takes its place.
    const acknowledged: string[] = [];
    let isKilled = false;
    const writers = Array.from({ length: 3 }, async () => {
      while (!isKilled) {
        const name = crypto.randomUUID();
        const headers = { cookie: session.cookie!, origin: url, "content-type": "application/json" };
        const request = { method: "POST", headers, body: JSON.stringify({ name }) };
        const reply = await ask(url, createAssetGroup.path, request).catch(() => undefined);
        if (reply?.status === 201) acknowledged.push(name);
      }
    });
    await waitUntil("some writes are acknowledged", () => acknowledged.length > 10);
    const killed = children().at(-1)!;
    process.kill(killed.pid, "SIGKILL");
    await waitUntil(
      "the process is started again",
      () => children().filter(({ process }) => process === killed.process).length === 2,
    );
    isKilled = true;
    await Promise.all(writers);
    await waitUntil(
      "all processes report metrics again",
      async () => (await readMetrics(url)).processes.length === PROCESSES,
    );
    for (const name of acknowledged)
      expect((await call(url, listAssetGroups, { query: { q: name } }, session)).total, name).toBe(1);

    // If the first process is killed, the others end, and the port is free.
    process.kill(server.pid, "SIGKILL");
    await waitUntil("all processes have ended", () => started().every(({ pid }) => !isAlive(pid)));
    Bun.listen({
      ...{ hostname: "127.0.0.1", port: Number(new URL(url).port) },
      socket: { data() {} },
    }).stop();
  },
  180_000,
);

test.skipIf(!LONG_TESTS || process.platform !== "linux")(
  "a signal to all processes, as systemd sends it, lets each complete its requests",
  async () => {
    await using opened = new AsyncDisposableStack();
    const { server, folder, started } = await openServer(opened);
    const { session } = await createSuperAdmin(server, join(folder, "data"));
    const { port, origin } = new URL(server.url);
    const requests = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const socket = connect({ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false });
        const body = JSON.stringify({ name: crypto.randomUUID() });
        const fields = {
          host: `127.0.0.1:${port}`,
          origin,
          cookie: session.cookie!,
          "content-type": "application/json",
        };
        const lines = Object.entries({ ...fields, "content-length": String(body.length) });
        const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        let reply = "";
        socket.on("data", (data) => {
          reply += data.toString();
        });
        const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
        await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
        socket.write(`POST ${createAssetGroup.path} HTTP/1.1\r\n${head}\r\n${body.slice(0, 10)}`);
        return { finish: () => socket.write(body.slice(10)), ended, status: () => reply.slice(9, 12) };
      }),
    );
    await waitUntil("all requests are in flight", async () => {
      const { text } = await ask(server.url, "/metrics", {
        headers: { authorization: `Bearer ${METRICS_TOKEN}` },
      });
      const counts = text.matchAll(/^attacklens_http_requests_in_flight\{.*\} (\d+)$/gm);
      // One is that of the metrics.
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0) === requests.length + 1;
    });
    process.kill(-server.pid, "SIGTERM");
    await waitUntil(
      "all processes are stopping",
      () => readFileSync(join(folder, "server.log"), "utf8").match(/"msg":"stopping/g)?.length === PROCESSES,
    );
    for (const { finish } of requests) finish();
    await Promise.all(requests.map(({ ended }) => ended));
    expect(new Set(requests.map(({ status }) => status()))).toEqual(new Set(["201"]));
    expect(await server.exited).toBe(0);
    expect(started().some(({ pid }) => isAlive(pid))).toBe(false);
  },
  180_000,
);
