// Reading the audit log: filters, pages, text, the history of an entity, and exports.
import { expect, test } from "bun:test";
import * as keys from "@attacklens/protocol/api-keys.ts";
import * as groups from "@attacklens/protocol/asset-groups.ts";
import {
  type AuditEvent,
  type AuditFilter,
  HISTORIES,
  listAuditEvents,
} from "@attacklens/protocol/audit-events.ts";
import * as tokens from "@attacklens/protocol/enrollment-tokens.ts";
import { inTransaction } from "../db/transaction.ts";
import { makeTestSensor } from "../testing/test-sensor.ts";
import { openWorld, TESTED_DIALECTS, type World } from "../testing/test-world.ts";
import { type AuditEvent as Recorded, recordAuditEvents, SYSTEM_ACTOR } from "./audit.ts";
import { toEventFilter } from "./audit-events.ts";
import { openTextJob } from "./audit-text.ts";
import { findTextEnds } from "./audit-text-store.ts";
import { pageOfEvents } from "./events-page-store.ts";

async function list(world: World, cookie: string, query: object = {}): Promise<AuditEvent[]> {
  return (await world.call(listAuditEvents, cookie, { query })).items;
}

async function enroll(world: World, value: string, hostname: string) {
  const sensor = makeTestSensor();
  const init = sensor.request("POST", "/sensor/v1/enroll", sensor.enrollBody(hostname), world.clock.ms, {
    token: value,
  });
  return (await (await world.fetch("/sensor/v1/enroll", init, "203.0.113.7")).json()) as { sensorId: string };
}

const newToken = { scope: { type: "all-assets" }, expiresAt: null } as const;

for (const dialect of TESTED_DIALECTS) {
  test(`an event names its actor, address and entity, and what was changed (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const made = await world.call(tokens.createEnrollmentToken, cookie, {
      body: { ...newToken, name: "Production", allowedNetworks: ["203.0.113.0/24"] },
    });
    const { id } = made.enrollmentToken;
    const body = { name: "Production EU", maxEnrollments: 5 };
    await world.call(tokens.updateEnrollmentToken, cookie, { params: { id }, body });
    const { sensorId } = await enroll(world, made.value, "web-01");
    await world.call(tokens.deleteEnrollmentToken, cookie, { params: { id } });
    const [removed, asset, enrolled, changed, created, signedIn] = (await list(world, cookie)).toSorted(
      (one, other) => other.sequence - one.sequence,
    ) as [AuditEvent, AuditEvent, AuditEvent, AuditEvent, AuditEvent, AuditEvent];
    expect(removed).toMatchObject({
      ...{ action: "enrollment-token.deleted", address: "127.0.0.1", withheld: false },
      entity: { type: "enrollment-token", id, name: "Production EU", exists: false },
    });
    const actor = { type: "enrollment-token", id, name: "Production EU", exists: false };
    const pair = [enrolled, asset].toSorted((one, other) => (one.action < other.action ? 1 : -1));
    expect(pair).toMatchObject([
      { action: "sensor.enrolled", actor, entity: { id: sensorId, name: "web-01", exists: true } },
      { action: "asset.created", actor, address: "203.0.113.7", entity: { name: "web-01", exists: true } },
    ]);
    expect(changed).toMatchObject({
      action: "enrollment-token.changed",
      before: { name: "Production", maxEnrollments: null },
      after: { name: "Production EU", maxEnrollments: 5 },
    });
    expect(created).toMatchObject({ before: null, after: { allowedNetworks: ["203.0.113.0/24"] } });
    expect(created.details).toEqual({ valueShownTo: "The admin" });
    expect(signedIn).toMatchObject({ action: "user.signed-in", address: "127.0.0.1" });
    expect(JSON.stringify(await list(world, cookie))).not.toContain(made.value);
  });

  test(`a history is for everyone who can read the entity, and withholds addresses and settings of secrets (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const admin = await world.signedIn("admin");
    const viewer = await world.signedIn("viewer");
    const name = "Production";
    const { enrollmentToken, value } = await world.call(tokens.createEnrollmentToken, admin, {
      body: { ...newToken, name, allowedNetworks: ["203.0.113.0/24"] },
    });
    const { sensorId } = await enroll(world, value, "web-01");
    const params = { id: enrollmentToken.id };
    const history = HISTORIES["enrollment-token"];
    const seen = (await world.call(history, viewer, { params })).items;
    expect(seen).toMatchObject([
      { action: "enrollment-token.created", address: null, before: null, after: null, withheld: true },
    ]);
    expect((await world.call(history, admin, { params })).items).toMatchObject([
      { address: "127.0.0.1", after: { allowedNetworks: ["203.0.113.0/24"] }, withheld: false },
    ]);
    const ofSensor = await world.call(HISTORIES.sensor, viewer, { params: { id: sensorId } });
    expect(ofSensor.items).toMatchObject([{ action: "sensor.enrolled", address: null, withheld: true }]);
    const group = await world.call(groups.createAssetGroup, admin, { body: { name: "EU" } });
    const ofGroup = { params: { id: group.id } };
    await world.call(groups.renameAssetGroup, admin, { ...ofGroup, body: { name: "EU West" } });
    expect((await world.call(HISTORIES["asset-group"], viewer, ofGroup)).items[0]).toMatchObject({
      ...{ before: { name: "EU" }, after: { name: "EU West" }, address: null },
    });
  });

  test(`filters select the same events as a comparison of all, in pages of any size (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const events = Array.from({ length: 90 }, (_, index): Recorded => {
      const isEnrollment = index % 4 < 2 && index % 3 > 0;
      const [actorType, actorId] = isEnrollment
        ? (["enrollment-token", "tok_a"] as const)
        : (["user", "usr_a"] as const);
      const address = index % 5 === 0 ? undefined : `192.0.2.${index % 4}`;
      const [action, type] = (
        [
          ["sensor.enrolled", "sensor"],
          ["asset.created", "asset"],
          ["sensor.blocked", "sensor"],
          ["enrollment-token.paused", "enrollment-token"],
        ] as const
      )[index % 4]!;
      return {
        // The clocks of servers differ, so the order of times is not the order of numbers.
        at: 1_000 + index - (index % 7) * 3,
        actor: { type: actorType, id: actorId, name: `Actor ${index % 6}`, address },
        action,
        entity: { type, id: `id_${index % 8}`, name: `Née-${index % 10}` },
        details: { after: { note: `w${index}` } },
      };
    });
    // The texts of the last ones are not stored.
    const storeSome = openTextJob(world.db);
    await storeSome();
    for (const some of [events.slice(0, 60), events.slice(60)]) {
      await inTransaction(world.db, (tx) => recordAuditEvents(tx, some));
      if (some.length > 30) await storeSome();
    }
    const ends = await findTextEnds(world.db);
    expect(ends.last - ends.stored).toBe(30);
    const all = await world.db.selectFrom("auditEvent").selectAll().execute();
    const time = (ms: number) => new Date(ms).toISOString();
    const cases: (AuditFilter & object)[] = [
      {},
      { actorId: "tok_a" },
      { actorId: "usr_a", address: "192.0.2.1" },
      { actorType: "enrollment-token", from: time(1_010), to: time(1_050) },
      { action: "sensor.enrolled" },
      { action: "sensor.blocked" },
      { action: "sensor.blocked,asset.created,user.signed-in" },
      { entityType: "asset" },
      { entityType: "enrollment-token", actorType: "user" },
      { entityId: "id_3", entityType: "enrollment-token" },
      { address: "192.0.2.2" },
      { to: time(1_030) },
      { q: "NÉE-4" },
      { q: "née-4", actorId: "tok_a" },
      { q: "w8" },
      { q: "w8", action: "asset.created,sensor.blocked" },
      { q: "paused enrollment", from: time(1_020) },
      { q: "no such text" },
    ];
    for (const filter of cases) {
      const parsed = toEventFilter(filter);
      const expected = all
        .filter((row) => matches(row, filter))
        .toSorted((one, other) => other.at - one.at || other.sequence - one.sequence)
        .map(({ sequence }) => sequence);
      for (const [limit, mostWalked] of [
        [7, 11],
        [200, 50_000],
      ] as const) {
        const found: number[] = [];
        let cursor: string | undefined;
        let total = 0;
        do {
          const page = await pageOfEvents(world.db, parsed, { order: "desc", limit, cursor, mostWalked });
          found.push(...page.rows.map(({ sequence }) => sequence));
          cursor = page.nextCursor ?? undefined;
          total = page.total;
        } while (cursor);
        expect({ filter, found }).toEqual({ filter, found: expected });
        if (limit === 200) expect({ filter, total }).toEqual({ filter, total: expected.length });
      }
    }
    const first = await world.call(listAuditEvents, cookie, { query: { order: "asc", limit: "2" } as never });
    const oldest = all.toSorted((one, other) => one.at - other.at || one.sequence - other.sequence);
    expect(first.items.map(({ sequence }) => sequence)).toEqual(
      oldest.slice(0, 2).map(({ sequence }) => sequence),
    );
  });

  test(`an export has the filter in its first line, no formula, and is an event (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const cookie = await world.signedIn("admin");
    const apiKey = { name: "=cmd()", role: "viewer", expiresAt: "2026-12-01T00:00:00Z" } as const;
    await world.call(keys.createApiKey, cookie, { body: apiKey });
    const headers = { cookie };
    const path = "/api/v1/audit-events/export";
    const csv = await world.fetch(`${path}.csv?entityType=api-key`, { headers });
    expect(csv.headers.get("content-disposition")).toStartWith('attachment; filename="attacklens-audit-log-');
    const [header, columns, row, end] = (await csv.text()).split("\r\n");
    expect(header).toContain("entityType");
    expect(columns).toStartWith("sequence,id,time,actor type");
    expect(row).toContain(",'=cmd(),");
    expect(end).toBe("");
    const lines = (await (await world.fetch(`${path}.jsonl`, { headers })).text()).trim().split("\n");
    const [first, ...events] = lines.map((text) => JSON.parse(text));
    expect(first).toEqual({
      ...{ type: "attacklens-audit-log", exportedAt: new Date(world.clock.ms).toISOString(), filter: {} },
    });
    expect(events.filter(({ action }) => action === "audit-log.exported")).toMatchObject([
      { details: { format: "csv" } },
    ]);
    // The event of an export has the searched text.
    const searched = await world.fetch(`${path}.jsonl?q=only-in-this-filter`, { headers });
    expect((await searched.text()).trim().split("\n")).toHaveLength(1);
    expect(await list(world, cookie, { action: "audit-log.exported" })).toMatchObject([
      { details: { format: "jsonl", filter: { q: "only-in-this-filter" } } },
      { actor: { name: "The admin" }, details: { format: "jsonl", filter: {} } },
      { details: { format: "csv", filter: { entityType: "api-key" } } },
    ]);
  });

  test(`the texts of events are stored after a rush of events, not in it (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const storeSome = openTextJob(world.db);
    const record = (count: number) =>
      inTransaction(world.db, (tx) =>
        recordAuditEvents(
          tx,
          Array.from({ length: count }, (_, index) => ({
            ...{ at: index, actor: SYSTEM_ACTOR, action: "sensor.enrolled" as const },
            entity: { type: "sensor" as const, id: `sen_${index}`, name: `host-${index}` },
          })),
        ),
      );
    await record(10);
    await storeSome();
    const before = await findTextEnds(world.db);
    expect(before.stored).toBe(before.last);
    await record(600);
    await storeSome();
    expect((await findTextEnds(world.db)).stored).toBe(before.last);
    await storeSome();
    expect((await findTextEnds(world.db)).stored).toBe(before.last + 600);
  });
}

for (const dialect of TESTED_DIALECTS) {
  test(`text that no event can contain is refused (${dialect})`, async () => {
    await using world = await openWorld(dialect);
    const headers = { cookie: await world.signedIn("admin") };
    for (const path of ["", "/export.csv", "/export.jsonl"])
      for (const name of ["q", "actorId", "entityId", "address"]) {
        const reply = await world.fetch(`/api/v1/audit-events${path}?${name}=a%00b`, { headers });
        expect([path, name, reply.status]).toEqual([path, name, 422]);
      }
  });
}

test("an export ends when its user is disabled", async () => {
  await using world = await openWorld("sqlite");
  const cookie = await world.signedIn("admin");
  const actor = { type: "system", id: "system", name: "AttackLens" } as const;
  const entity = { type: "sensor", id: "sen_1", name: "web-01" } as const;
  const event: Recorded = { at: world.clock.ms, actor, action: "sensor.blocked", entity };
  await inTransaction(world.db, (tx) => recordAuditEvents(tx, Array(450).fill(event)));
  const reply = await world.fetch("/api/v1/audit-events/export.jsonl", { headers: { cookie } });
  const reader = reply.body!.getReader();
  // The header, and the first page.
  await reader.read();
  await reader.read();
  await world.db.updateTable("user").set({ status: "disabled" }).where("role", "=", "admin").execute();
  await expect(reader.read()).rejects.toThrow("Sign in");
});

type Row = Awaited<ReturnType<typeof pageOfEvents>>["rows"][number];

function matches(row: Row, filter: AuditFilter): boolean {
  const { q, action, from, to, ...equal } = filter;
  const text = `${row.actorName} ${row.action.replace("enrollment-token.paused", "Paused enrollment token")} ${row.entityName} ${row.details}`;
  return (
    (q === undefined || text.toLowerCase().includes(q.toLowerCase())) &&
    (action === undefined || action.split(",").includes(row.action)) &&
    (from === undefined || row.at >= Date.parse(from)) &&
    (to === undefined || row.at <= Date.parse(to)) &&
    Object.entries(equal).every(([name, value]) => row[name as keyof Row] === value)
  );
}
