// Failed attempts in SQL, by kind and subject.
import type { Database } from "../db/schema.ts";
import type { FailedAttemptTable } from "../db/schema-accounts.ts";

/** Counts an attempt in the current window. Returns false, and counts nothing, at the limit. */
export async function insertAttempt(
  tx: Database,
  attempt: Omit<FailedAttemptTable, "attempts">,
  limit: number,
): Promise<boolean> {
  const row = await tx
    .insertInto("failedAttempt")
    .values({ ...attempt, attempts: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(["kind", "subject"])
        .doUpdateSet((eb) => ({ attempts: eb("failedAttempt.attempts", "+", 1) }))
        .where("failedAttempt.attempts", "<", limit),
    )
    .returning("attempts")
    .executeTakeFirst();
  return row !== undefined;
}

export async function findWindowEnd(
  db: Database,
  kind: string,
  subject: string,
): Promise<number | undefined> {
  const query = db.selectFrom("failedAttempt").select("endsAt").where("kind", "=", kind);
  return (await query.where("subject", "=", subject).executeTakeFirst())?.endsAt;
}

export async function uncountAttempt(tx: Database, kind: string, subject: string): Promise<void> {
  await tx
    .updateTable("failedAttempt")
    .set((eb) => ({ attempts: eb("attempts", "-", 1) }))
    .where("kind", "=", kind)
    .where("subject", "=", subject)
    .where("attempts", ">", 0)
    .execute();
}

export async function deleteAttempts(tx: Database, kind: string, subject: string): Promise<void> {
  await tx.deleteFrom("failedAttempt").where("kind", "=", kind).where("subject", "=", subject).execute();
}

export async function deleteAttemptsBefore(tx: Database, at: number): Promise<void> {
  await tx.deleteFrom("failedAttempt").where("endsAt", "<=", at).execute();
}
