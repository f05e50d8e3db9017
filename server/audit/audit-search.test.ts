// Searches find the same events before and after a job has stored their texts.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { drawnCases } from "../../harness/long-tests.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { type AuditEvent, recordAuditEvents } from "./audit.ts";
import { openTextJob } from "./audit-text.ts";
import { findTextEnds } from "./audit-text-store.ts";
import { pageOfEvents } from "./events-page-store.ts";

function enrolled(at: number, name: string, tokenName: string, detail: string | number): AuditEvent {
  return {
    at,
    actor: { type: "enrollment-token", id: "tok_a", name: tokenName, address: "192.0.2.7" },
    action: "sensor.enrolled",
    entity: { type: "sensor", id: `sen_${at}`, name },
    details: { assetId: detail },
  };
}

async function record(db: Database, events: AuditEvent[]) {
  await inTransaction(db, (tx) => recordAuditEvents(tx, events));
}

/** Returns the names of all events that are found, and the number of pages. */
async function search(
  db: Database,
  q: string,
  order: "asc" | "desc" = "desc",
  { mostWalked = 50_000, limit = 200 } = {},
) {
  const names: (string | null)[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await pageOfEvents(db, { q }, { order, limit, cursor, mostWalked });
    names.push(...page.rows.map(({ entityName }) => entityName));
    cursor = page.nextCursor ?? undefined;
    pages++;
  } while (cursor);
  return { names, pages };
}

/** What SQL and JSON treat in a special way, what folds to ASCII, and words of actions. */
const PARTS = ["a", "B", "é", "É", "ß", "K", "ﬁ", '"', "\\", "%", "_", "/", "'", "{", "7", ":", " ", "roll"];
const part = fc.constantFrom(...PARTS, "enrolled", "Sensor", "\u00ad");
const text = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("").trim() || "x");

for (const dialect of TESTED_DIALECTS) {
  test(`any text finds the same events with and without stored texts (${dialect})`, async () => {
    const cases = await fc.sample(fc.tuple(text, text, fc.oneof(text, fc.integer())), drawnCases(80));
    const events = cases.map(([name, token, detail], at) => enrolled(at, name, token, detail));
    await using stored = await createTestDatabase(dialect);
    await using without = await createTestDatabase(dialect);
    for (const { db } of [stored, without]) await record(db, events);
    await openTextJob(stored.db)();
    const ends = await Promise.all([stored, without].map(({ db }) => findTextEnds(db)));
    expect(ends).toEqual([
      { stored: events.length, last: events.length },
      { stored: 0, last: events.length },
    ]);
    const wanted = [
      ...fc.sample(text, drawnCases(60)),
      "192.0.2.7",
      'a" b',
      "tok_a",
      "sen_1",
      "enrolled sens",
    ];
    for (const q of wanted)
      for (const order of ["asc", "desc"] as const) {
        const { names } = await search(stored.db, q, order);
        expect({ q, ...(await search(without.db, q, order)) }).toMatchObject({ q, names });
        expect({ q, ...(await search(without.db, q, order, { mostWalked: 30, limit: 5 })) }).toMatchObject({
          q,
          names,
        });
      }
  });

  test(`a search compares a limited number of texts for each page (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await record(db, [enrolled(0, "web-stored", "Zürich", 0)]);
    await openTextJob(db)();
    // SQL folds only ASCII, so each of these texts is read.
    await record(
      db,
      Array.from({ length: 2_500 }, (_, at) => enrolled(1 + at, `web-${at}`, "Zürich", at)),
    );
    expect(await search(db, "web-17")).toMatchObject({
      names: expect.arrayContaining(["web-17", "web-1700"]),
    });
    expect(await search(db, "web-stored")).toEqual({ names: ["web-stored"], pages: 3 });
    expect(await search(db, "web-7", "asc")).toMatchObject({ names: expect.arrayContaining(["web-7"]) });
    expect((await search(db, "zürich")).names).toHaveLength(2_501);
    // Before them, most are refused by SQL.
    await record(db, [enrolled(9_000, "db-01", "Berlin", 0)]);
    expect(await search(db, "db-01")).toMatchObject({ names: ["db-01"] });
    const counted = await pageOfEvents(db, { q: "zürich" }, { order: "desc", limit: 5 });
    expect(counted).toMatchObject({ total: 1_001, totalIsCapped: true });
  });
}
