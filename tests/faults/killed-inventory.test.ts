// Kills the server with SIGKILL while sensors upload inventory. What it acknowledged is still there, complete
// and readable. Without LONG_TESTS=1, on one kind of database, drawn at random.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { cutChunks, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call } from "../../harness/api-client.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin } from "../../harness/first-day.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { type RunningServer, startServer } from "../../harness/programs.ts";
import { makeSigner } from "../../harness/signer.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

const HOSTS = 8;
const PACKAGES = 60;
const KILLS = LONG_TESTS ? 40 : 3;
/** The most acknowledged inventories between two kills. */
const MAX_BETWEEN = 12;
const SENDER = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };
const PATH = "/sensor/v1/inventory/packages";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The packages of a host after a number of upgrades. Most are the same on all hosts. */
function packagesOf(host: number, upgrades: number) {
  return Array.from({ length: PACKAGES }, (_, index) => {
    const isOwn = index % HOSTS === host;
    const version = isOwn ? `1.${upgrades}.${index}` : "1.0";
    return { key: `dpkg:package-${index}:amd64`, manager: "dpkg", name: `package-${index}`, version };
  });
}

interface Host {
  signer: ReturnType<typeof makeSigner>;
  number: number;
  sensorId: string;
  tried: number;
  acknowledged: number;
}

/** Returns undefined if the connection broke, or the server does not accept requests yet. */
async function send(url: string, path: string, init: RequestInit) {
  const reply = await fetch(url + path, init).catch(() => undefined);
  const text = await reply?.text().catch(() => undefined);
  if (reply === undefined || text === undefined || reply.status >= 500) return undefined;
  expect([path, reply.status, reply.ok ? "" : text]).toEqual([path, reply.status, ""]);
  return (text === "" ? {} : JSON.parse(text)) as { sensorId: string; missing: string[] };
}

/** Returns true if the server acknowledged the inventory. */
async function report(url: string, host: Host): Promise<boolean> {
  const items = packagesOf(host.number, host.tried);
  const chunks = cutChunks("packages", items, sha256);
  const list = { root: "", chunks: chunks.map(({ hash }) => hash) };
  list.root = rootHash(list.chunks, sha256);
  const request = (method: string, path: string, body: object) =>
    send(url, path, host.signer.signText(method, path, JSON.stringify(body), host.sensorId).init);
  const inventory = { packages: { status: "collected", root: list.root } };
  if (!(await request("POST", checkIn.path, { ...SENDER, inventory }))) return false;
  const asked = await request("PUT", PATH, list);
  if (!asked) return false;
  const contents = chunks
    .filter(({ hash }) => asked.missing.includes(hash))
    .map(({ hash, content }) => [hash, JSON.parse(content)]);
  if (contents.length > 0) {
    if (!(await request("PUT", `${PATH}/chunks`, { chunks: Object.fromEntries(contents) }))) return false;
    const stored = await request("PUT", PATH, list);
    if (stored?.missing.length !== 0) return false;
  }
  host.acknowledged = host.tried;
  return true;
}

for (const database of drawSome(["sqlite", "postgres"] as const)) {
  test(`a server killed while sensors upload inventory keeps all that it acknowledged (${database})`, async () => {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(openTemporaryFolder("faults")).path;
    const databaseUrl = database === "postgres" ? opened.use(await createTestDatabase()).url : undefined;
    const options = { dataDir: join(folder, "server"), logFile: join(folder, "server.log"), databaseUrl };
    const start = async (): Promise<RunningServer> => opened.use(await startServer(options));

    let server = await start();
    const { session } = await createSuperAdmin(server, options.dataDir);
    const body = { name: "Inventory", scope: { type: "all-assets" }, expiresAt: null } as const;
    const { value: token } = await call(server.url, createEnrollmentToken, { body }, session);
    const hosts: Host[] = [];
    for (let number = 0; number < HOSTS; number++) {
      const signer = makeSigner();
      const facts = { hostname: `host-${number}`, platform: "linux", architecture: "amd64" };
      const enrolling = { ...facts, osName: "Debian GNU/Linux", osVersion: "12" };
      const { path, init } = signer.sign(
        enroll.path,
        { publicKey: signer.publicKey, ...SENDER, host: enrolling },
        signer.publicKey,
        token,
      );
      const { sensorId } = (await send(server.url, path, init))!;
      hosts.push({ signer, number, sensorId, tried: 0, acknowledged: -1 });
    }

    for (let kill = 0; kill < KILLS; kill++) {
      let left = 1 + Math.floor(Math.random() * MAX_BETWEEN);
      let isKilled = false;
      await Promise.all(
        hosts.map(async (host) => {
          while (!isKilled) {
            if (host.tried === host.acknowledged) host.tried++;
            if ((await report(server.url, host)) && --left === 0) {
              isKilled = true;
              process.kill(server.pid, "SIGKILL");
              await server.exited;
            }
          }
        }),
      );
      server = await start();
    }

    for (const host of hosts) {
      const params = { id: host.sensorId, category: "packages" } as const;
      const page = await call(server.url, listSensorInventory, { params, query: { limit: "200" } }, session);
      const versions = (items: object[]) => items.map((item) => JSON.stringify(item)).sort();
      const stored = versions(page.items);
      // A report whose reply was lost may be stored too.
      const possible = [host.acknowledged, host.tried].map((upgrades) =>
        upgrades < 0 ? [] : versions(packagesOf(host.number, upgrades)),
      );
      expect(possible).toContainEqual(stored);
      expect(await report(server.url, host)).toBe(true);
    }
  });
}
