// Two servers of one PostgreSQL database, both of which remember the sensors that check in with both at the
// same time. From the reply to a change on, no request that the change forbids is accepted by either server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { signIn } from "@attacklens/protocol/account.ts";
import type { ServerAgreement } from "@attacklens/protocol/agreement-key.ts";
import { createApiKey, revokeApiKey } from "@attacklens/protocol/api-keys.ts";
import { listAssetGroups } from "@attacklens/protocol/asset-groups.ts";
import { streamChanges } from "@attacklens/protocol/changes.ts";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll, reEnroll, replaceKey } from "@attacklens/protocol/enroll.ts";
import { createEnrollmentToken, revokeEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { previewSensorAction, runSensorAction } from "@attacklens/protocol/sensor-actions.ts";
import * as sensors from "@attacklens/protocol/sensors.ts";
import { unenroll } from "@attacklens/protocol/unenroll.ts";
import { disableUser, listUsers } from "@attacklens/protocol/users.ts";
import { RELEASE, SENSOR_PROTOCOL_VERSION } from "@attacklens/protocol/version.ts";
import { call, type Session } from "../../harness/api-client.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import { createSuperAdmin, type User } from "../../harness/first-day.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { type RunningServer, runServerCommand, startServer } from "../../harness/programs.ts";
import { makeSigner, type SignedRequest } from "../../harness/signer.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

const ROUNDS = LONG_TESTS ? 150 : 1;
/** Requests of each sensor to each server at the same time. */
const AT_ONCE = 3;
const MOST_WARM_MS = 60;
const SENDER = { protocolVersion: SENSOR_PROTOCOL_VERSION, sensorVersion: RELEASE };
const MACHINE = { platform: "linux", architecture: "amd64", osName: "Debian GNU/Linux", osVersion: "12" };

interface Asked {
  /** When the request was sent. */
  at: number;
  server: number;
  /** "accepted", or the code of the refusal. */
  result: string;
  request: SignedRequest;
}

type Signer = ReturnType<typeof makeSigner>;

let opened: AsyncDisposableStack;
let servers: RunningServer[];
let ada: User;
let session: Session;
let dataDir: string;
let databaseUrl: string;
const environment = { ATTACKLENS_SECRET: "a secret that both servers share", ATTACKLENS_LOG_LEVEL: "warn" };

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  const folder = opened.use(openTemporaryFolder("two-servers")).path;
  databaseUrl = opened.use(await createTestDatabase()).url;
  dataDir = join(folder, "server-0");
  // Both begin with an empty database at once.
  servers = await Promise.all(
    [0, 1].map(async (number) =>
      opened.use(
        await startServer({
          ...{ dataDir: join(folder, `server-${number}`), logFile: join(folder, `${number}.log`) },
          ...{ databaseUrl, environment },
        }),
      ),
    ),
  );
});

afterAll(() => opened.disposeAsync());

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;
const anyUrl = () => pick(servers).url;

async function send(
  server: number,
  request: SignedRequest,
): Promise<Asked & { body: Record<string, unknown> }> {
  const at = performance.now();
  const reply = await fetch(servers[server]!.url + request.path, request.init);
  const text = await reply.text();
  const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { at, server, request, body, result: reply.ok ? "accepted" : String(body.code) };
}

function enrollment(signer: Signer, token: string, path: string = enroll.path): SignedRequest {
  const body = { ...SENDER, publicKey: signer.publicKey, host: { ...MACHINE, hostname: "web-01" } };
  return signer.sign(path, body, signer.publicKey, token);
}

async function newToken(): Promise<{ id: string; value: string }> {
  const body = { name: crypto.randomUUID(), scope: { type: "all-assets" }, expiresAt: null } as const;
  const { value, enrollmentToken } = await call(anyUrl(), createEnrollmentToken, { body }, session);
  return { id: enrollmentToken.id, value };
}

/** Sends requests to both servers until `isOver`, and returns all. */
async function keepAsking(isOver: () => boolean, next: () => SignedRequest): Promise<Asked[]> {
  const asked: Asked[] = [];
  const ask = async (server: number) => {
    do {
      asked.push(await send(server, next()));
    } while (!isOver());
    // At least one request is sent after the end.
    asked.push(await send(server, next()));
  };
  await Promise.all([0, 1].flatMap((server) => Array.from({ length: AT_ONCE }, () => ask(server))));
  return asked;
}

/** Makes the change while requests are sent. Returns those sent before its reply, and those sent after it. */
async function changeWhileAsking(next: () => SignedRequest, change: () => Promise<unknown>) {
  let isOver = false;
  const asking = keepAsking(() => isOver, next);
  await Bun.sleep(Math.random() * MOST_WARM_MS);
  await change().finally(() => {
    isOver = true;
  });
  const repliedAt = performance.now();
  const asked = await asking;
  return {
    before: asked.filter(({ at }) => at < repliedAt),
    after: asked.filter(({ at }) => at >= repliedAt),
  };
}

/** A MAC is refused before the sensor's state is judged if the sensor has no such key any more. */
const OF_MACS = "signature-invalid";

/** Requests with a higher nonce may overtake it, and a busy machine may delay it too long. */
async function untilAccepted(next: () => SignedRequest): Promise<void> {
  for (;;) {
    const { result } = await send(pick([0, 1]), next());
    if (result === "accepted") return;
    expect(["signature-replayed", "unavailable"]).toContain(result);
  }
}

const REFUSALS: Record<string, string> = {
  ...{ block: "sensor-blocked", blockMany: "sensor-blocked", delete: "sensor-unknown" },
  ...{ replaceKey: "key-replaced", rotateKey: "sensor-cloned", unenroll: "sensor-unknown" },
};

/** The changes of a sensor that end what it may do with its key. */
const CHANGES: Record<string, (id: string, signer: Signer) => Promise<unknown>> = {
  block: (id) => call(anyUrl(), sensors.blockSensor, { params: { id } }, session),
  delete: (id) => call(anyUrl(), sensors.deleteSensor, { params: { id } }, session),
  async blockMany(id) {
    const { enrolledBy } = await call(anyUrl(), sensors.getSensor, { params: { id } }, session);
    const action = { action: "block", filter: { enrollmentTokenId: enrolledBy.id } } as const;
    const { fingerprint } = await call(anyUrl(), previewSensorAction, { body: action }, session);
    const url = anyUrl();
    const reply = await fetch(url + runSensorAction.path, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url, cookie: session.cookie! },
      body: JSON.stringify({ ...action, fingerprint }),
    });
    expect(await reply.text()).toContain('"done":1');
  },
  async replaceKey(id) {
    const { value } = await call(anyUrl(), sensors.createTicket, { params: { id } }, session);
    await untilAccepted(() => enrollment(makeSigner(), value, reEnroll.path));
  },
  async rotateKey(id, signer) {
    const next = signer.withNewKey();
    const announcement = { publicKey: next.publicKey, proof: next.proof(id) };
    await untilAccepted(() => signer.sign(replaceKey.path, announcement, id));
    await untilAccepted(() => next.sign(checkIn.path, SENDER, id));
  },
  async unenroll(id, signer) {
    await untilAccepted(() => signer.sign(unenroll.path, {}, id));
  },
};

test("both servers print a set-up link that works, once", async () => {
  const links = servers.map(({ setupLink }) => new URL(setupLink!).hash);
  expect(links[1]).toBe(links[0]!);
  ada = await createSuperAdmin(pick(servers), dataDir);
  session = ada.session;
});

for (const [change, makeChange] of Object.entries(CHANGES)) {
  test(`after the reply to ${change}, no server accepts a request of the sensor, or one again`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const token = await newToken();
      const signer = makeSigner();
      const { body } = await send(pick([0, 1]), enrollment(signer, token.value));
      const id = body.sensorId as string;
      const first = await send(
        0,
        signer.sign(checkIn.path, { ...SENDER, agreementKey: signer.agreementKey }, id),
      );
      signer.agree(id, first.body.agreement as ServerAgreement);
      const next = () =>
        Math.random() < 0.5
          ? signer.signWithMac(checkIn.path, SENDER)
          : signer.sign(checkIn.path, SENDER, id);
      const { before, after } = await changeWhileAsking(next, () => makeChange(id, signer));
      const results = (asked: Asked[]) => [...new Set(asked.map(({ result }) => result))].sort();
      // Requests of a sensor overtake each other.
      const expected = ["accepted", REFUSALS[change]!, "signature-replayed", OF_MACS, "unavailable"];
      expect({ round, other: results(before).filter((result) => !expected.includes(result)) }).toEqual({
        round,
        other: [],
      });
      const forbidden = results(after).filter((result) => !expected.slice(1).includes(result));
      expect({ round, sent: after.length > 0, forbidden }).toEqual({ round, sent: true, forbidden: [] });
      // What one server accepted is never accepted by the other.
      const replayed = before.filter(({ result }) => result === "accepted").slice(-6);
      const again = await Promise.all(replayed.map(({ server, request }) => send(1 - server, request)));
      expect(results(again)).not.toContain("accepted");
    }
  });
}

test("a request that is sent to both servers at once is accepted by one", async () => {
  const token = await newToken();
  const signer = makeSigner();
  const { body } = await send(0, enrollment(signer, token.value));
  const id = body.sensorId as string;
  for (let round = 0; round < ROUNDS * 4; round++) {
    const request = signer.sign(checkIn.path, SENDER, id);
    const both = await Promise.all([0, 1, 0, 1].map((server) => send(server, request)));
    expect(both.map(({ result }) => result).sort()).toEqual([
      "accepted",
      ...Array(3).fill("signature-replayed"),
    ]);
  }
});

test("after the reply to a token's revocation, no server enrolls a sensor with it", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const token = await newToken();
    const next = () => enrollment(makeSigner(), token.value);
    await Promise.all([0, 1].map((server) => send(server, next())));
    const revoke = () => call(anyUrl(), revokeEnrollmentToken, { params: { id: token.id } }, session);
    const { before, after } = await changeWhileAsking(next, revoke);
    expect(new Set(after.map(({ result }) => result))).toEqual(new Set(["token-revoked"]));
    const enrolled = before.filter(({ result }) => result === "accepted").length + 2;
    const query = { enrollmentTokenId: token.id, count: "exact", limit: "200" } as const;
    const { total } = await call(anyUrl(), sensors.listSensors, { query }, session);
    expect(total).toBe(enrolled);
  }
});

test("after a user is disabled or a key is revoked, no server replies, and streams show no later change", async () => {
  // The tests before this one may have taken longer than a sign-in is recent.
  const { email, password } = ada;
  await call(anyUrl(), signIn, { body: { email, password } }, session);
  for (let round = 0; round < ROUNDS; round++) {
    const email = `user-${round}@example.com`;
    const password = "violet tractor swims 42";
    const args = ["user", "create", "--data", dataDir, "--email", email, "--name", "Eve", "--role", "admin"];
    const created = await runServerCommand(args, {
      ...{ stdin: password, environment: { DATABASE_URL: databaseUrl, ...environment } },
    });
    expect(created.stderr).toBe("");
    const theirs: Session = {};
    await call(anyUrl(), signIn, { body: { email, password } }, theirs);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const key = await call(
      anyUrl(),
      createApiKey,
      { body: { name: `Key ${round}`, role: "viewer", expiresAt } },
      theirs,
    );
    const isKey = Math.random() < 0.5;
    const headers: Record<string, string> = isKey
      ? { authorization: `Bearer ${key.value}` }
      : { cookie: theirs.cookie! };
    const streams = servers.map(({ url }) => readStream(url, headers));
    const read = (): SignedRequest => ({ path: listAssetGroups.path, init: { headers } });
    const { items } = await call(anyUrl(), listUsers, { query: { q: email } }, session);
    const { after } = await changeWhileAsking(read, () =>
      isKey
        ? call(anyUrl(), revokeApiKey, { params: { id: key.apiKey.id } }, session)
        : call(anyUrl(), disableUser, { params: { id: items[0]!.id } }, session),
    );
    expect(new Set(after.map(({ result }) => result))).toEqual(new Set(["not-signed-in"]));
    // This change is no longer shown, and the streams end.
    await newToken();
    for (const stream of streams) expect(await stream).not.toContain("enrollment-token");
  }
});

/** Returns everything that the stream sent until its end. */
async function readStream(url: string, headers: Record<string, string>): Promise<string> {
  return await (await fetch(url + streamChanges.path, { headers })).text();
}
