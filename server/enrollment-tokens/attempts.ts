// The use ledger as people see it.
import type { EnrollmentAttempt, RefusalReason } from "@attacklens/protocol/enrollment-attempts.ts";
import type { Database } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { type AttemptPage, pageOfAttempts } from "./attempts-store.ts";

export async function listEnrollmentAttempts(db: Database, query: AttemptPage) {
  const { rows, ...page } = await pageOfAttempts(db, query);
  const items = rows.map(
    (row): EnrollmentAttempt => ({
      id: row.id,
      reference: row.reference,
      enrollmentToken: {
        id: row.enrollmentTokenId,
        name: row.enrollmentTokenName,
        deleted: row.enrollmentTokenDeletedAt !== null,
      },
      outcome: row.reason === null ? "accepted" : "refused",
      reason: row.reason as RefusalReason | null,
      detail: row.detail,
      at: toInstant(row.at),
      firstAt: toInstant(row.firstAt),
      attempts: row.attempts,
      address: row.address,
      hostname: row.hostname,
      sensor:
        row.sensorId === null
          ? null
          : { id: row.sensorId, hostname: row.sensorHostname ?? "", deleted: row.sensorDeletedAt !== null },
    }),
  );
  return { items, ...page };
}
