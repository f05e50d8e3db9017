// The requests of a report, against a server that verifies each request.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash, generateKeyPairSync } from "node:crypto";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { BUCKETS, rootHash } from "@attacklens/protocol/inventory/chunks.ts";
import { MAX_UPLOAD_BYTES } from "@attacklens/protocol/inventory/limits.ts";
import type { Collected } from "../collectors/result.ts";
import { cutInventory } from "../inventory/cut-category.ts";
import { type Answer, dropReply, json, problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";
import { type Connection, connect } from "../transport/request.ts";
import { Refused, Unreachable } from "../transport/server-reply.ts";
import { makeReport, type ReportOptions, sendReport } from "./report.ts";

const UNSUPPORTED = { status: "unsupported" } as const;
const CHECK_IN = "/sensor/v1/check-in";

let server: Awaited<ReturnType<typeof startTestServer>>;
let connection: Connection;
let nowMs: number;
beforeEach(async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  server = await startTestServer({ publicKey: publicKey.export({ format: "jwk" }).x });
  nowMs = Date.parse("2026-11-24T09:30:00.000Z");
  connection = connect(server.url, privateKey, SENSOR_ID, { now: () => nowMs });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  expect(server.received.filter(({ signatureError }) => signatureError)).toEqual([]);
  expect(server.received.every(({ keyid, token }) => keyid === SENSOR_ID && !token)).toBe(true);
  const nonces = server.received.map(({ nonce }) => nonce);
  expect(nonces).toEqual([...nonces].sort((left, right) => left - right));
});

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function aPackage(name: string, version = "1", vendor?: string): Item<"packages"> {
  const purl = `pkg:deb/debian/${name}@${version}`;
  return { key: `dpkg:${name}:all`, manager: "dpkg", name, version, architecture: "all", purl, vendor };
}
function aGroup(name: string, members: string[] = []): Item<"users"> {
  return { key: `group:${name}`, kind: "group", name, gid: 7, members, privileges: [] };
}
const packages = (count: number, vendor?: string) =>
  Array.from({ length: count }, (_, index) => aPackage(`package-${index}`, "1", vendor));

function collected(some: Partial<Collected> = {}): Collected {
  const none = Object.fromEntries(CATEGORIES.map((category) => [category, UNSUPPORTED]));
  return { ...(none as unknown as Collected), ...some };
}
const withPackages = (items: Item<"packages">[]) => collected({ packages: { status: "collected", items } });

const report = (to: Connection, inventory: Collected, options: ReportOptions = {}) =>
  sendReport(to, makeReport(cutInventory(inventory), nowMs), options);

const paths = () => server.received.map(({ path }) => path.replace("/sensor/v1/", ""));
const uploads = () => server.received.filter(({ path }) => path.endsWith("/chunks"));
const uploadedItems = () =>
  uploads().flatMap(({ body }) => Object.values(body.chunks as Record<string, Item[]>).flat());

test("a check-in has the root hash, the failure or `unsupported` for each category", async () => {
  server.world.wanted = [];
  const result = await report(
    connection,
    collected({
      packages: { status: "collected", items: packages(3) },
      ports: { status: "failed", reason: "permission denied" },
    }),
  );
  expect(result).toEqual({
    checkInIntervalSeconds: 60,
    undecided: false,
    rotateKey: false,
    serverKey: undefined,
    trustedCertificates: undefined,
    offer: undefined,
    uploaded: [],
    failed: [{ category: "ports", status: "failed", reason: "permission denied" }],
    switchedOff: [],
  });
  expect(server.received).toMatchObject([{ method: "POST", path: CHECK_IN }]);
  expect(server.received[0]?.body.inventory).toEqual({
    ...Object.fromEntries(CATEGORIES.map((category) => [category, UNSUPPORTED])),
    packages: { status: "collected", root: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ports: { status: "failed", reason: "permission denied" },
  });
});

test("sends what the items lack with the list of chunks, and the time of the collection with both", async () => {
  server.world.wanted = ["packages"];
  const gaps = [{ kind: "damaged" as const, subject: "/var/lib/dpkg/status", reason: "line 7" }];
  const remarks = { gaps, totalItems: 70_000, durationMs: 312 };
  const seen = { paths: ["/var/lib/dpkg/status"], signature: "0" };
  const items = packages(1);
  await report(
    connection,
    collected({
      packages: { status: "collected", items, seen, ...remarks },
      users: { status: "switched-off" },
    }),
  );
  const [checkIn, manifest] = server.received;
  const root: string = checkIn?.body.inventory.packages?.root;
  expect(checkIn?.body.inventory).toMatchObject({
    packages: { status: "collected", root, durationMs: 312 },
    users: { status: "switched-off" },
  });
  expect(manifest?.body).toEqual({ root, chunks: [expect.any(String)], ...remarks });
  expect(root).toBe(rootHash(manifest?.body.chunks, sha256, remarks));
});

test("uploads only collected categories that the server wants", async () => {
  server.world.wanted = ["users", "ports", "system"];
  const { uploaded } = await report(
    connection,
    collected({
      packages: { status: "collected", items: packages(3) },
      users: { status: "collected", items: [aGroup("sudo")] },
      ports: { status: "failed", reason: "permission denied" },
    }),
  );
  expect(uploaded).toEqual(["users"]);
  expect(paths()).toEqual(["check-in", "inventory/users", "inventory/users/chunks", "inventory/users"]);
  expect(uploadedItems()).toEqual([aGroup("sudo")]);
});

test("a check-in has the lists of new content only, whose missing chunks need one upload", async () => {
  const users = { status: "collected" as const, items: [aGroup("sudo")] };
  const some = collected({ packages: { status: "collected", items: packages(3) }, users });
  const { root } = makeReport(cutInventory(some), nowMs).inventory.packages as { root: string };
  server.world.wanted = ["users"];
  const { uploaded } = await report(connection, some, { isNew: (one) => one !== root });
  expect(uploaded).toEqual(["users"]);
  expect(paths()).toEqual(["check-in", "inventory"]);
  const [checkIn, upload] = server.received;
  const { packages: known, users: added } = checkIn!.body.inventory;
  expect([known, added]).toEqual([
    { status: "collected", root },
    { status: "collected", root: expect.any(String), chunks: [expect.any(String)] },
  ]);
  expect(upload?.body.chunks).toEqual({ [added.chunks[0]]: [aGroup("sudo")] });

  // Both have lists, and the server has the chunk of one.
  server.world.wanted = ["packages", "users"];
  await report(connection, some, { isNew: () => true });
  expect(paths().slice(2)).toEqual(["check-in", "inventory"]);
  const named: string[] = server.received[2]!.body.inventory.packages.chunks;
  expect(Object.keys(server.received[3]!.body.chunks).toSorted()).toEqual(named.toSorted());
});

test("a check-in leaves out lists that are too large for it", async () => {
  const gap = { kind: "unreadable", subject: "s".repeat(200), reason: "r".repeat(200) } as const;
  const gaps = Array.from({ length: 20 }, () => gap);
  const some = Object.fromEntries(
    CATEGORIES.map((category) => [category, { status: "collected", items: [], gaps }]),
  ) as unknown as Collected;
  server.world.wanted = [];
  await report(connection, some, { isNew: () => true });
  expect(server.received[0]!.sizeBytes).toBeLessThan(64 * 1024);
  const said = Object.values(server.received[0]!.body.inventory as Record<string, { chunks?: string[] }>);
  expect(new Set(said.map(({ chunks }) => chunks !== undefined))).toEqual(new Set([true, false]));
});

test("uploads several categories with two requests, and alone what is too large for that", async () => {
  const large = packages(400, "v".repeat(300)).map((item) => ({ ...item, purl: "p".repeat(1_000) }));
  const some = collected({
    users: { status: "collected", items: [aGroup("sudo")] },
    ports: { status: "collected", items: [] },
    packages: { status: "collected", items: [...large, ...packages(2_000, "v".repeat(300)).slice(400)] },
  });
  server.world.wanted = ["packages", "users", "ports"];
  const { uploaded } = await report(connection, some);
  expect(uploaded.toSorted()).toEqual(["packages", "ports", "users"]);
  expect(paths().slice(0, 4)).toEqual(["check-in", "inventory", "inventory", "inventory/packages"]);
  const [, first, second] = server.received;
  expect(Object.keys(first?.body.categories)).toEqual(["packages", "users", "ports"]);
  expect(second?.body).toMatchObject({ categories: { users: {} } });
  expect(Object.keys(second?.body.categories)).toEqual(["users"]);
  expect(Object.values(second?.body.chunks)).toEqual([[aGroup("sudo")]]);

  server.received.length = 0;
  await report(connection, some);
  expect(paths()).toEqual(["check-in", "inventory"]);
});

test("uploads each item once, and only a chunk list for the same inventory again", async () => {
  const items = packages(500);
  await report(connection, withPackages(items));
  expect(new Set(uploadedItems().map(({ key }) => key)).size).toBe(500);
  expect(uploadedItems()).toHaveLength(500);

  server.received.length = 0;
  await report(connection, withPackages([...items].reverse()));
  expect(paths()).toEqual(["check-in", "inventory/packages"]);
});

test("uploads one chunk for one changed package", async () => {
  const items = packages(500);
  await report(connection, withPackages(items));
  server.received.length = 0;
  await report(connection, withPackages([...items.slice(0, -1), aPackage("package-499", "2")]));
  expect(uploads().map(({ body }) => Object.keys(body.chunks).length)).toEqual([1]);
  expect(uploadedItems()).toContainEqual(aPackage("package-499", "2"));
});

test("uploads an empty chunk list for a category without items", async () => {
  const { uploaded } = await report(connection, withPackages([]));
  expect(uploaded).toEqual(["packages"]);
  expect(paths()).toEqual(["check-in", "inventory/packages"]);
  expect(server.received[1]?.body.chunks).toEqual([]);
});

test("splits a large category into several uploads, each below the limit", async () => {
  await report(connection, withPackages(packages(20_000, "x".repeat(300))));
  expect(uploads().length).toBeGreaterThan(4);
  for (const { sizeBytes } of uploads()) expect(sizeBytes).toBeLessThan(MAX_UPLOAD_BYTES / 2);
  expect(uploadedItems()).toHaveLength(20_000);
  const manifests = server.received.filter(({ path }) => path.endsWith("/packages"));
  expect(manifests.map(({ body }) => body.chunks.length)).toEqual([BUCKETS.packages, BUCKETS.packages]);
});

test("reports a rejected category as failed, and delivers the others", async () => {
  // Of both together, then of the first alone.
  server.next.push(server.answer, problem("input-invalid"), problem("input-invalid"));
  const result = await report(
    connection,
    collected({
      packages: { status: "collected", items: packages(1) },
      users: { status: "collected", items: [aGroup("staff")] },
    }),
  );
  expect(result.uploaded).toEqual(["users"]);
  expect(result.failed).toEqual([
    { category: "packages", status: "failed", reason: expect.stringContaining("the server rejected it") },
  ]);
  expect(paths().slice(0, 4)).toEqual(["check-in", "inventory", "inventory/packages", "inventory/users"]);
  expect(server.received.at(-1)?.body.inventory).toEqual({
    packages: { status: "failed", reason: expect.any(String) },
  });
});

test("does not repeat uploads that the server accepted before a failure", async () => {
  const inventory = withPackages(packages(20_000, "x".repeat(300)));
  server.next.push(...Array(4).fill(server.answer), problem("unavailable"));
  await expect(report(connection, inventory)).rejects.toBeInstanceOf(Unreachable);
  await report(connection, inventory);
  const refused = Object.values(uploads()[2]?.body.chunks as Record<string, Item[]>).flat();
  expect(uploads().length).toBeGreaterThan(4);
  expect(uploadedItems()).toHaveLength(20_000 + refused.length);
});

test("signs a request again if the server rejects a retry of the network layer as replayed", async () => {
  const dropAfterTaking: Answer = (response, request) => {
    server.world.lastNonces.set(request.keyid, request.nonce);
    dropReply(response, request);
  };
  server.next.push(server.answer, dropAfterTaking);
  expect((await report(connection, withPackages(packages(2)))).uploaded).toEqual(["packages"]);
});

test("stops if the server keeps requesting chunks that it already has", async () => {
  const insatiable = json(200, { missing: ["0".repeat(64)] });
  server.next.push(json(200, { ...checkedIn(), wanted: ["packages"] }), ...Array(4).fill(insatiable));
  await expect(report(connection, withPackages(packages(2)))).rejects.toThrow(
    "the server keeps requesting chunks of packages that it already has",
  );
  expect(uploads()).toEqual([]);
});

test("rejects a reply that wants an unknown category", async () => {
  server.next.push(json(200, { ...checkedIn(), wanted: ["passwords"] }));
  await expect(report(connection, withPackages([]))).rejects.toBeInstanceOf(Unreachable);
});

test("corrects a replayed nonce to the server's last nonce, also during a report", async () => {
  const lastNonce = nowMs * 1000 + 5_000_000;
  server.next.push(
    problem("signature-replayed", { lastNonce }),
    json(200, { ...checkedIn(), wanted: ["packages"] }),
    problem("signature-replayed", { lastNonce: lastNonce + 50 }),
  );
  expect((await report(connection, withPackages(packages(2)))).uploaded).toEqual(["packages"]);
  expect(server.received.map(({ nonce }) => nonce - lastNonce)).toEqual([-5_000_000, 1, 2, 51, 52, 53]);
});

test("treats a replayed nonce as a refusal if the server does not send the last nonce", async () => {
  server.next.push(problem("signature-replayed"));
  const outcome = report(connection, collected());
  await expect(outcome).rejects.toBeInstanceOf(Refused);
  expect(server.received).toHaveLength(1);
});

test.each(["2031-05-06T07:08:09.000Z", "2026-11-24T09:00:00.000Z"])(
  "corrects a wrong clock once for the whole connection, to %s",
  async (serverTime) => {
    server.next.push(problem("clock-skewed", { serverTime }));
    await report(connection, collected());
    nowMs += 60_000;
    await report(connection, collected());
    const [, second, third] = server.received.map(({ created }) => created);
    expect(second).toBe(Date.parse(serverTime) / 1000);
    expect(third).toBe(Date.parse(serverTime) / 1000 + 60);
  },
);

test("restarts nonces at the corrected time after a clock that was years ahead", async () => {
  const serverTime = "2020-05-06T07:08:09.000Z";
  server.next.push(problem("clock-skewed", { serverTime }));
  await report(connection, collected());
  const [first, second] = server.received.map(({ nonce }) => nonce);
  expect(first).toBe(nowMs * 1000);
  expect(second).toBe(Date.parse(serverTime) * 1000);
  // The nonce of the refused request may be higher than the later ones.
  server.received.shift();
});

test("nonces increase while the clock stops, after it moves back, and after a restart a millisecond later", async () => {
  await report(connection, withPackages(packages(200)));
  nowMs -= 3_600_000;
  await report(connection, collected());
  nowMs += 3_600_001;
  const restarted = connect(connection.server, connection.key, SENSOR_ID, { now: () => nowMs });
  await report(restarted, collected());
  const nonces = server.received.map(({ nonce }) => nonce);
  expect(nonces.length).toBeGreaterThan(4);
  expect(nonces).toEqual([...new Set(nonces)]);
});

test("distinguishes a lost reply from a refusal", async () => {
  server.next.push(dropReply, problem("sensor-unknown", { detail: "Cannot check in: no such sensor" }));
  await expect(report(connection, collected())).rejects.toEqual(
    new Unreachable("the server closed the connection"),
  );
  await expect(report(connection, collected())).rejects.toThrow("Cannot check in: no such sensor");
});

test("a stopped report sends no more requests", async () => {
  const stop = new AbortController();
  server.next.push((response, request) => {
    stop.abort();
    json(200, { ...checkedIn(), wanted: ["packages"] })(response, request);
  });
  await expect(report(connection, withPackages(packages(2)), { signal: stop.signal })).rejects.toThrow(
    "stopped before the server replied",
  );
  expect(paths()).toEqual(["check-in"]);
});

function checkedIn() {
  return { serverTime: "2026-11-24T09:30:00.000Z", checkInIntervalSeconds: 60, wanted: [] as string[] };
}
