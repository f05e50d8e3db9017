// PostgreSQL as in production: behind a connection pooler, with a connection limit for the role, and with an
// unreliable network. Without LONG_TESTS=1, behind one kind of pooler, drawn at random, with fewer requests.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createAssetGroup, listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { SQL } from "bun";
import { call, type Session } from "../../harness/api-client.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { type RunningServer, startServer } from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { startPgBouncer } from "../support/pgbouncer.ts";
import { openTcpRelay } from "../support/tcp-relay.ts";

/** Sends reads and writes. Returns the number of replies per status. */
async function sendRequests(
  url: string,
  { cookie }: Session,
  count: number,
): Promise<Record<number, number>> {
  const headers = { cookie: cookie!, "content-type": "application/json" };
  const statuses: Record<number, number> = {};
  const each = async (index: number) => {
    const body = JSON.stringify({ name: `Group ${crypto.randomUUID()}` });
    const reply =
      index % 2 === 0
        ? await fetch(url + listAssetGroups.path, { headers })
        : await fetch(url + createAssetGroup.path, { method: "POST", headers, body });
    statuses[reply.status] = (statuses[reply.status] ?? 0) + 1;
    if (reply.status === 503) expect(reply.headers.get("retry-after")).toMatch(/^\d+$/);
    await reply.body?.cancel();
  };
  await Promise.all(Array.from({ length: count }, (_, index) => each(index)));
  return statuses;
}

async function untilLog(logFile: string, text: string): Promise<void> {
  const isThere = () => readFileSync(logFile, "utf8").includes(text);
  await waitUntil(`the log has a line with: ${text}`, isThere);
}

const POOLERS = [
  ["that refuses timeouts", ""],
  [
    "that ignores timeouts",
    "ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout",
  ],
] as const;

for (const [name, settings] of drawSome(POOLERS)) {
  test(`behind a PgBouncer in transaction mode ${name}, the server works and receives changes`, async () => {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(openTemporaryFolder("postgres")).path;
    const { url: databaseUrl } = opened.use(await createTestDatabase());
    const pooler = opened.use(await startPgBouncer({ databaseUrl, settings }));
    const secret = { ATTACKLENS_SECRET: crypto.randomUUID() };
    const start = (log: string, environment: Record<string, string>) => {
      const [dataDir, logFile] = [join(folder, log), join(folder, `${log}.log`)];
      return startServer({
        dataDir,
        logFile,
        databaseUrl: pooler.url,
        environment: { ...secret, ...environment },
      });
    };
    const pooled = opened.use(await start("pooled", {}));
    const { session } = await createSuperAdmin(pooled, join(folder, "pooled"));
    expect(await sendRequests(pooled.url, session, 40)).toEqual({ 200: 20, 201: 20 });
    await untilLog(join(folder, "pooled.log"), "set ATTACKLENS_LISTEN_URL");

    const direct = opened.use(await start("direct", { ATTACKLENS_LISTEN_URL: databaseUrl }));
    for (const server of [pooled, direct]) {
      const other = server === pooled ? direct : pooled;
      const { changed } = await openChanges(server, session);
      await call(other.url, createAssetGroup, { body: { name: crypto.randomUUID() } }, session);
      await changed;
    }
    expect(readFileSync(join(folder, "direct.log"), "utf8")).not.toContain("ATTACKLENS_LISTEN_URL to");
  });
}

/** Resolves when the stream is open. `changed` resolves when a change arrives. */
async function openChanges({ url }: RunningServer, { cookie }: Session): Promise<{ changed: Promise<void> }> {
  const abort = new AbortController();
  const reply = await fetch(`${url}/api/v1/changes`, { headers: { cookie: cookie! }, signal: abort.signal });
  const limit = setTimeout(() => abort.abort(new Error("no change arrived")), 45_000);
  const read = async () => {
    let text = "";
    for await (const part of reply.body!.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("event: change")) break;
    }
    clearTimeout(limit);
    abort.abort();
  };
  return { changed: read() };
}

test("requests wait for a connection if the role allows fewer connections than the pool", async () => {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(openTemporaryFolder("postgres")).path;
  const database = opened.use(await createTestDatabase());
  const role = `few_${crypto.randomUUID().replaceAll("-", "")}`;
  await using sql = new SQL(database.url, { max: 1 });
  await sql.unsafe(`create role ${role} login password 'few' connection limit 4`);
  opened.defer(async () => {
    await using again = new SQL(database.url, { max: 1 });
    await again.unsafe(`drop owned by ${role} cascade; drop role ${role}`);
  });
  await sql.unsafe(`grant create, usage on schema public to ${role}`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, "few"];
  let session: Session | undefined;
  for (const [log, pool] of [
    ["default", undefined],
    ["small", "2"],
  ] as const) {
    if (pool) url.searchParams.set("pool", pool);
    const server = await startServer({
      dataDir: join(folder, "data"),
      logFile: join(folder, `${log}.log`),
      databaseUrl: url.href,
    });
    try {
      session ??= (await createSuperAdmin(server, join(folder, "data"))).session;
      for (let round = 0; round < (LONG_TESTS ? 3 : 1); round++)
        expect(await sendRequests(server.url, session, 60)).toEqual({ 200: 30, 201: 30 });
    } finally {
      expect(await server.stop()).toBe(0);
    }
  }
});

test("lost connections and an unreachable PostgreSQL cause only replies 503 with Retry-After", async () => {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(openTemporaryFolder("postgres")).path;
  const database = opened.use(await createTestDatabase());
  const url = new URL(database.url);
  const target = { host: url.hostname, port: Number(url.port) };
  const relay = opened.use(await openTcpRelay(() => target));
  [url.hostname, url.port] = ["127.0.0.1", String(relay.port)];
  const [dataDir, logFile] = [join(folder, "data"), join(folder, "server.log")];
  await using server = await startServer({ dataDir, logFile, databaseUrl: url.href });
  const { session } = await createSuperAdmin(server, dataDir);
  const seen = new Set<string>();
  for (let round = 0; round < (LONG_TESTS ? 12 : 6); round++) {
    relay.isClosed = round % 3 === 2;
    const requests = sendRequests(server.url, session, LONG_TESTS ? 80 : 40);
    for (const delayMs of [1, 5, 10, 20, 40]) setTimeout(() => relay.cut(), delayMs + round * 3);
    for (const status of Object.keys(await requests)) seen.add(status);
  }
  expect([...seen].filter((status) => !["200", "201", "503"].includes(status))).toEqual([]);
  expect(seen).toContain("503");
  relay.isClosed = false;
  await waitUntil("the server is ready", async () => (await fetch(`${server.url}/readyz`)).ok);
  expect(await sendRequests(server.url, session, 40)).toEqual({ 200: 20, 201: 20 });
  relay.cut();
  expect(await server.stop()).toBe(0);
  expect(readFileSync(logFile, "utf8")).not.toMatch(/uncaught|unhandled|^ +at /m);
});
