// Any single change of the chain is found and named, on both databases.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { drawnCases } from "../../harness/long-tests.ts";
import type { AuditEventTable, Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { type AuditEvent, recordAuditEvents } from "./audit.ts";
import { eventHash } from "./event-hash.ts";
import { verifyChain } from "./verify-chain.ts";

const event = (name: string): AuditEvent => ({
  at: 1_000,
  actor: { type: "user", id: "usr_1", name: "Ada", address: "192.0.2.1" },
  action: "asset-group.created",
  entity: { type: "asset-group", id: "grp_1", name },
  details: { after: { name } },
});

async function makeChain(db: Database, length: number): Promise<AuditEventTable[]> {
  await db.deleteFrom("auditEvent").execute();
  await db.updateTable("auditHead").set({ sequence: 0, hash: "" }).execute();
  const events = Array.from({ length }, (_, index) => event(`group ${index + 1}`));
  await inTransaction(db, (tx) => recordAuditEvents(tx, events));
  return await db.selectFrom("auditEvent").selectAll().orderBy("sequence").execute();
}

async function store(db: Database, rows: AuditEventTable[]): Promise<void> {
  await db.deleteFrom("auditEvent").execute();
  if (rows.length > 0) await db.insertInto("auditEvent").values(rows).execute();
}

const rehashed = (row: AuditEventTable): AuditEventTable => {
  const { hash: _, ...rest } = row;
  return { ...rest, hash: eventHash(rest)! };
};

interface Tampered {
  rows: AuditEventTable[];
  found: object[];
}

const named = (kind: string, sequence: number, more: object = {}) =>
  expect.objectContaining({ kind, sequence, ...more });

const CHANGES: ((row: AuditEventTable) => AuditEventTable)[] = [
  (row) => ({ ...row, id: `${row.id}0` }),
  (row) => ({ ...row, at: row.at + 1 }),
  (row) => ({ ...row, actorType: "system" }),
  (row) => ({ ...row, actorId: "usr_2" }),
  (row) => ({ ...row, actorName: "Eve" }),
  (row) => ({ ...row, action: "asset-group.deleted" }),
  (row) => ({ ...row, entityType: "sensor" }),
  (row) => ({ ...row, entityId: "grp_2" }),
  (row) => ({ ...row, entityName: "another" }),
  (row) => ({ ...row, address: null }),
  (row) => ({ ...row, details: "{}" }),
  (row) => ({ ...row, version: 1 }),
  (row) => ({ ...row, version: 3 }),
  (row) => ({ ...row, previousHash: "0".repeat(64) }),
  (row) => ({ ...row, hash: "0".repeat(64) }),
  (row) => rehashed({ ...row, details: "{}" }),
  (row) => rehashed({ ...row, previousHash: "0".repeat(64) }),
  (row) => rehashed({ ...row, version: 1, address: null, entityName: null }),
];

const TAMPERINGS: Record<string, (rows: AuditEventTable[], place: number, other: number) => Tampered> = {
  change: (rows, place, other) => {
    const changed = CHANGES[other % CHANGES.length]!(rows[place]!);
    return { rows: rows.with(place, changed), found: [named("changed", place + 1)] };
  },
  remove: (rows, place, other) => {
    const [from, to] = [Math.min(place, other), Math.max(place, other)];
    return {
      rows: rows.toSpliced(from, to - from + 1),
      found: [named("removed", from + 1, { last: to + 1 })],
    };
  },
  "remove and renumber": (rows, place) => {
    const renumbered = rows
      .toSpliced(place, 1)
      .map((row) => (row.sequence > place + 1 ? { ...row, sequence: row.sequence - 1 } : row));
    return { rows: renumbered, found: [named("removed", place + 1, { last: place + 1 })] };
  },
  "insert and renumber": (rows, place) => {
    const { sequence, previousHash } = rows[place]!;
    const forged = rehashed({ ...rows[place]!, id: "evt_forged", sequence, previousHash });
    const later = rows.slice(place).map((row) => ({ ...row, sequence: row.sequence + 1 }));
    return { rows: [...rows.slice(0, place), forged, ...later], found: [named("inserted", place + 1)] };
  },
  append: (rows, place) => {
    const { sequence, hash } = rows.at(-1)!;
    const next = sequence + 1 + (place % 3);
    const forged = rehashed({ ...rows[place]!, id: "evt_forged", sequence: next, previousHash: hash });
    return { rows: [...rows, forged], found: [named("inserted", next)] };
  },
  prepend: (rows, place) => {
    const forged = { ...rows[place]!, id: "evt_forged", sequence: 0, previousHash: "" };
    return { rows: [rehashed(forged), ...rows], found: [named("inserted", 0)] };
  },
  swap: (rows, place, other) => {
    if (place === other) return { rows, found: [] };
    const [from, to] = [Math.min(place, other), Math.max(place, other)];
    const [one, two] = [rows[from]!, rows[to]!];
    const swapped = rows
      .with(from, { ...two, sequence: one.sequence })
      .with(to, { ...one, sequence: two.sequence });
    return { rows: swapped, found: [named("swapped", from + 1, { other: to + 1 })] };
  },
};

for (const dialect of TESTED_DIALECTS) {
  test(`any single tampering of the chain is found and named (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const length = 7;
    const rows = await makeChain(db, length);
    expect((await verifyChain(db)).findings).toEqual([]);
    const place = fc.integer({ min: 0, max: length - 1 });
    const tampering = fc.record({
      kind: fc.constantFrom(...Object.keys(TAMPERINGS)),
      place,
      other: fc.oneof(place, fc.integer({ min: 0, max: CHANGES.length - 1 })),
    });
    await fc.assert(
      fc.asyncProperty(tampering, async ({ kind, place, other }) => {
        const tampered = TAMPERINGS[kind]!(rows, place, kind === "change" ? other : other % length);
        await store(db, tampered.rows);
        expect((await verifyChain(db)).findings).toEqual(tampered.found as never);
      }),
      { numRuns: drawnCases(300) },
    );
  });

  test(`a changed end of the chain and events of an earlier release (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const rows = await makeChain(db, 2);
    const { hash: _, ...third } = { ...rows[1]!, id: "evt_3", sequence: 3, previousHash: rows[1]!.hash };
    const earlier = { ...third, version: 1, address: null, entityName: null };
    await db
      .insertInto("auditEvent")
      .values({ ...earlier, hash: eventHash(earlier)! })
      .execute();
    const end = { sequence: 3, hash: eventHash(earlier)! };
    await db.updateTable("auditHead").set(end).execute();
    expect(await verifyChain(db)).toMatchObject({ findings: [], events: 3, head: end });
    await db.updateTable("auditEvent").set({ address: "192.0.2.9" }).where("sequence", "=", 3).execute();
    expect((await verifyChain(db)).findings).toEqual([named("changed", 3)] as never);
    await db.updateTable("auditEvent").set({ address: null }).execute();
    await db.deleteFrom("auditHead").execute();
    expect((await verifyChain(db)).findings.length).toBeGreaterThan(0);
  });

  test(`a chain that was rewritten as a whole does not have the noted end (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await makeChain(db, 3);
    const { head } = await verifyChain(db);
    expect((await verifyChain(db, [head])).findings).toEqual([]);
    await inTransaction(db, (tx) => recordAuditEvents(tx, [event("later")]));
    expect((await verifyChain(db, [head])).findings).toEqual([]);
    await makeChain(db, 4);
    expect((await verifyChain(db, [head])).findings).toEqual([named("rewritten", 3)] as never);
    await makeChain(db, 2);
    expect((await verifyChain(db, [head])).findings).toEqual([named("rewritten", 3)] as never);
  });
}
