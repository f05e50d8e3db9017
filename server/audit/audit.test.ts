import { expect, test } from "bun:test";
import { inTransaction } from "../db/transaction.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { type AuditEvent, onAuditEvents, recordAuditEvent } from "./audit.ts";
import { verifyChain } from "./verify-chain.ts";

const event = (name: string): AuditEvent => ({
  at: 1,
  actor: { type: "user", id: "usr_1", name: "Ada" },
  action: "asset-group.created",
  entity: { type: "asset-group", id: "grp_1", name },
  details: { after: { name } },
});

for (const dialect of TESTED_DIALECTS) {
  test(`simultaneous events form one chain (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        inTransaction(db, (tx) => recordAuditEvent(tx, event(`${index}`))),
      ),
    );
    const events = await db
      .selectFrom("auditEvent")
      .select(["sequence", "hash"])
      .orderBy("sequence")
      .execute();
    expect(events.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect((await verifyChain(db)).findings).toEqual([]);
  });

  test(`a rolled-back event leaves no gap in the chain (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const heard: unknown[] = [];
    onAuditEvents(db, ({ entity }) => heard.push(entity.name));
    await inTransaction(db, (tx) => recordAuditEvent(tx, event("first")));
    const failed = inTransaction(db, async (tx) => {
      await recordAuditEvent(tx, event("never"));
      throw new Error("the change failed");
    });
    expect(failed).rejects.toThrow("the change failed");
    await failed.catch(() => {});
    await inTransaction(db, (tx) => recordAuditEvent(tx, event("second")));
    // Listeners, e.g. the log, receive only committed events.
    expect(heard).toEqual(["first", "second"]);
    expect((await verifyChain(db)).findings).toEqual([]);
  });
}
