// A sensor written only from docs/sensor-protocol.md, with the built server: the page is sufficient.
import { expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { createEnrollmentToken, getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { blockSensor, createTicket, listSensors, unblockSensor } from "@attacklens/protocol/sensors.ts";
import { drawSome } from "../../harness/long-tests.ts";
import { openInstallation } from "../support/installation.ts";
import { report } from "../support/second-sensor/checking-in.ts";
import {
  checkToken,
  EnrollmentRefused,
  enroll,
  fingerprintOfSensor,
  reEnroll,
  sendUnenroll,
} from "../support/second-sensor/enrolling.ts";
import type { Item } from "../support/second-sensor/inventory-chunks.ts";
import { makeUpHost, makeUpItems, packageItem } from "../support/second-sensor/made-up-host.ts";
import { losesFirstReplies, openRelay } from "../support/second-sensor/relay.ts";

import { listKept } from "../support/second-sensor/sensor-folder.ts";
import { idOf, listPackages, reportUntilTaken, show, start } from "../support/second-sensor/tried-sensor.ts";
import { createToken } from "../support/sensors.ts";

/** Each test draws one of them without LONG_TESTS=1. */
const DATABASES = ["sqlite", "postgres"] as const;
const QUARTER_OF_AN_HOUR_MS = 900_000;
/** Every key is due for rotation at once. */
const TINY_AGE_DAYS = 0.000_001;

const otherHost = makeUpHost("made-up-02", "fedcba9876543210fedcba9876543210");
const items = makeUpItems("made-up-01");
const copied = makeUpItems("made-up-02");
const changed = { ...items, packages: [...items.packages.slice(1), packageItem("made-up-0", "2.0-1")] };

test.each([...drawSome(DATABASES)])(
  "enrolls, reports all categories, and then only changes: %s",
  async (database) => {
    await using installation = await openInstallation({ database });
    await using relay = await openRelay(installation.server.url);
    const ada = await installation.createSuperAdmin();
    const { value } = await createToken(ada, "Second");
    const sensor = start({ folder: join(installation.folder, "second"), address: relay.url });
    expect(await checkToken(sensor, value)).toMatchObject({ refusal: null, awaitingApproval: false });
    await enroll(sensor, value);
    expect(await report(sensor, items)).toMatchObject({ kind: "taken" });
    expect(sensor.mac).toBeDefined();

    const shown = await show(ada, sensor);
    expect(shown).toMatchObject({
      hostname: "made-up-01",
      status: "online",
      fingerprint: fingerprintOfSensor(sensor),
    });
    const counts = shown.inventory.map(({ category, status, items: count }) => [category, status, count]);
    expect(
      Object.fromEntries(counts.map(([category, status, count]) => [category, `${status} ${count}`])),
    ).toEqual(
      Object.fromEntries(
        Object.entries(items).map(([category, { length }]) => [category, `collected ${length}`]),
      ),
    );
    expect(await listPackages(ada, sensor)).toContainEqual(
      expect.objectContaining({ vendor: "Nil\ufffd\ufffd" }),
    );

    const asked: string[] = [];
    relay.handle = (what, forward) => {
      asked.push(what);
      return forward();
    };
    expect(await report(sensor, changed)).toMatchObject({ kind: "taken" });
    expect(asked).toEqual(["POST /sensor/v1/check-in", "PUT /sensor/v1/inventory"]);
    expect(await listPackages(ada, sensor)).toContainEqual(
      expect.objectContaining({ name: "made-up-0", version: "2.0-1" }),
    );
    expect(
      await report(sensor, { packages: new Error("dpkg is locked"), ports: "unsupported" }),
    ).toMatchObject({ kind: "taken" });
    const [packages, , ports] = (await show(ada, sensor)).inventory;
    expect(packages).toMatchObject({
      status: "failed",
      reason: "Error: dpkg is locked",
      items: items.packages.length,
    });
    expect(ports).toMatchObject({ status: "unsupported" });
    const gaps = [{ kind: "damaged", subject: "/var/lib/dpkg/status", reason: "line 7 has no name" }];
    const partial = { items: items.packages, gaps, totalItems: 70_000 };
    const absent = { status: "absent", reason: "no passwd" } as const;
    expect(await report(sensor, { packages: partial, users: absent })).toMatchObject({ kind: "taken" });
    const inventory = (await show(ada, sensor)).inventory;
    expect(inventory.find(({ category }) => category === "packages")).toMatchObject({
      ...{ status: "collected", items: items.packages.length, gaps, totalItems: 70_000 },
    });
    expect(inventory.find(({ category }) => category === "users")).toMatchObject({ ...absent, items: 0 });
    expect(sensor.macRefusedAt).toBe(Number.NEGATIVE_INFINITY);

    // JSON Schema counts lengths in code points.
    const named = (length: number) => [{ ...items.services[0], name: "\u{1f600}".repeat(length) } as Item];
    for (const [length, status] of [
      [300, "collected"],
      [301, "failed"],
    ] as const) {
      expect(await report(sensor, { ...items, services: named(length) })).toMatchObject({ kind: "taken" });
      const found = (await show(ada, sensor)).inventory;
      expect(found.map((one) => [one.category, one.status])).toEqual(
        CATEGORIES.map((category) => [category, category === "services" ? status : "collected"]),
      );
    }
  },
);

test.each([...drawSome(DATABASES)])(
  "succeeds if the first reply to each request is lost: %s",
  async (database) => {
    await using installation = await openInstallation({ database, keyMaxAgeDays: TINY_AGE_DAYS });
    await using relay = await openRelay(installation.server.url);
    const ada = await installation.createSuperAdmin();
    const token = await createToken(ada, "Second");
    const { handle, lost } = losesFirstReplies();
    relay.handle = handle;
    const sensor = start({ folder: join(installation.folder, "second"), address: relay.url });
    await enroll(sensor, token.value);
    const firstSeed = sensor.identity.seed;
    await reportUntilTaken(sensor, items);
    await reportUntilTaken(sensor, changed);
    expect(sensor.identity.seed).not.toBe(firstSeed);
    expect(listKept(sensor.folder)).toEqual([]);
    const shown = await show(ada, sensor);
    expect(shown).toMatchObject({ status: "online", clones: [] });
    expect(shown.inventory.map(({ items: count }) => count)).toEqual(
      Object.values(items).map(({ length }) => length),
    );

    await sendUnenroll(sensor);
    expect(await show(ada, sensor)).toMatchObject({ status: "uninstalled" });
    expect([...lost].sort()).toEqual(
      [
        ...["enroll", "check-in", "keys", "unenroll"].map((name) => `POST /sensor/v1/${name}`),
        // All categories together, then alone, after a lost reply.
        ...["", "/packages"].map((rest) => `PUT /sensor/v1/inventory${rest}`),
      ].sort(),
    );
    expect(await ada.call(getEnrollmentToken, { params: { id: token.id } })).toMatchObject({
      enrolledSensors: 1,
    });
  },
);

test.each([...drawSome(DATABASES)])(
  "a clone of its folder becomes a separate sensor if the token allows it: %s",
  async (database) => {
    await using installation = await openInstallation({ database });
    await using relay = await openRelay(installation.server.url);
    const ada = await installation.createSuperAdmin();
    for (const clones of ["allow", "reject"] as const) {
      const body = {
        name: clones,
        scope: { type: "all-assets" as const },
        expiresAt: null,
        clonedHosts: clones,
      };
      const { value } = await ada.call(createEnrollmentToken, { body });
      const folder = join(installation.folder, clones);
      const address = relay.url;
      const original = start({ folder, address });
      await enroll(original, value);
      await reportUntilTaken(original, items);
      const copiedFolder = join(installation.folder, `${clones}-clone`);
      cpSync(folder, copiedFolder, { recursive: true });

      const clone = start({ folder: copiedFolder, address, host: otherHost });
      expect(await report(clone, copied)).toMatchObject({ kind: "undecided" });
      expect(await report(original, items)).toMatchObject({ kind: "taken" });
      relay.handle = losesFirstReplies().handle;
      if (clones === "allow") {
        await reportUntilTaken(clone, copied);
        expect(idOf(clone)).not.toBe(idOf(original));
        expect(await show(ada, clone)).toMatchObject({
          hostname: "made-up-02",
          status: "online",
          cloneOf: { id: idOf(original) },
        });
      } else {
        expect(await report(clone, copied)).toMatchObject({ kind: "unanswered" });
        expect(await report(clone, copied)).toMatchObject({ kind: "unanswered" });
        const refused = {
          kind: "refused",
          problem: { code: "sensor-cloned" },
          pauseMs: QUARTER_OF_AN_HOUR_MS,
        };
        expect(await report(clone, copied)).toMatchObject(refused);
      }
      relay.handle = undefined;
      expect(await report(original, items)).toMatchObject({ kind: "taken" });
      expect(await listPackages(ada, original)).toContainEqual(
        expect.objectContaining({ name: "made-up-0", version: "1.0-1" }),
      );
    }
    expect((await ada.call(listSensors)).items).toHaveLength(3);
  },
);

test("ignores refusals that its server did not sign", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using relay = await openRelay(installation.server.url);
  const ada = await installation.createSuperAdmin();
  const sensor = start({ folder: join(installation.folder, "second"), address: relay.url });
  await enroll(sensor, (await createToken(ada, "Second")).value);
  await reportUntilTaken(sensor, items);

  const problem = {
    code: "clock-skewed",
    title: "",
    status: 401,
    requestId: "1",
    type: "",
    serverTime: "2040-01-01T00:00:00.000Z",
  };
  const headers = { "content-type": "application/problem+json", "retry-after": "3600" };
  relay.handle = async () => ({ status: 401, headers, body: Buffer.from(JSON.stringify(problem)) });
  const unanswered = { kind: "unanswered", why: expect.stringContaining("another server answers") };
  expect(await report(sensor, changed)).toMatchObject(unanswered);
  expect(sensor.connection.clockOffsetMs).toBe(0);

  await ada.call(blockSensor, { params: { id: idOf(sensor) } });
  relay.handle = async (_asked, forward) => {
    const answer = await forward();
    return {
      ...answer,
      body: Buffer.from(answer.body.toString().replace("sensor-blocked", "sensor-unknown")),
    };
  };
  expect(await report(sensor, changed)).toMatchObject(unanswered);
  relay.handle = undefined;
  const blocked = { kind: "refused", problem: { code: "sensor-blocked" }, pauseMs: QUARTER_OF_AN_HOUR_MS };
  expect(await report(sensor, changed)).toMatchObject(blocked);
  expect(await show(ada, sensor)).toMatchObject({ status: "blocked" });
  await ada.call(unblockSensor, { params: { id: idOf(sensor) } });
  expect(await report(sensor, changed)).toMatchObject({ kind: "taken" });
  expect(await show(ada, sensor)).toMatchObject({ status: "online" });
});

test("delivers its spool after an outage, with a wrong clock that was set back", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  await using relay = await openRelay(installation.server.url);
  const ada = await installation.createSuperAdmin();
  let behindMs = -3 * 86_400_000;
  const options = {
    folder: join(installation.folder, "second"),
    address: relay.url,
    now: () => Date.now() - behindMs,
  };
  const sensor = start(options);
  await enroll(sensor, (await createToken(ada, "Second")).value);
  expect(sensor.connection.clockOffsetMs).toBeLessThan(behindMs + 60_000);
  await reportUntilTaken(sensor, items);

  relay.handle = async () => "cut";
  for (let repeated = 0; repeated < 3; repeated++) {
    expect(await report(sensor, changed)).toMatchObject({ kind: "unanswered" });
  }
  const kept = listKept(sensor.folder);
  expect(kept).toHaveLength(1);
  relay.handle = undefined;
  behindMs = 240_000;
  const restarted = start(options);
  expect(await report(restarted, changed)).toMatchObject({ kind: "taken" });
  expect(listKept(sensor.folder)).toEqual([]);
  const [packages] = (await show(ada, sensor)).inventory;
  expect(packages?.changedAt).toBe(kept[0]?.report.collectedAt ?? "");
  behindMs = 280_000;
  expect(await report(start(options), changed)).toMatchObject({ kind: "taken" });
});

test("stops at an invalid token, and re-enrolls with a ticket", async () => {
  await using installation = await openInstallation({ database: "sqlite" });
  const ada = await installation.createSuperAdmin();
  const address = installation.server.url;
  const sensor = start({ folder: join(installation.folder, "second"), address });
  const body = {
    name: "Web",
    scope: { type: "all-assets" as const },
    expiresAt: null,
    allowedHostnames: ["web-*"],
  };
  const { value } = await ada.call(createEnrollmentToken, { body });
  const refused = enroll(sensor, value).catch((error: unknown) => error);
  expect(await refused).toBeInstanceOf(EnrollmentRefused);
  expect(await refused).toMatchObject({
    problem: { code: "hostname-not-allowed", reference: expect.stringMatching(/^E-/) },
  });
  await enroll(sensor, (await createToken(ada, "All")).value);
  await reportUntilTaken(sensor, items);

  const { value: ticket } = await ada.call(createTicket, { params: { id: idOf(sensor) } });
  const successor = start({ folder: join(installation.folder, "successor"), address });
  await reEnroll(successor, ticket);
  expect(idOf(successor)).toBe(idOf(sensor));
  await reportUntilTaken(successor, items);
  const replaced = { kind: "refused", problem: { code: "key-replaced" }, pauseMs: QUARTER_OF_AN_HOUR_MS };
  expect(await report(sensor, items)).toMatchObject(replaced);
});
