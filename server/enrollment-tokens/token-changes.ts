// Changes of an existing token. None of them affects enrolled sensors.
import type { updateEnrollmentToken as updateRoute } from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { requireRecentSignIn } from "../permitted.ts";
import { changeToken, type LockedToken, lockTokenFor, tokenEvent } from "./change-token.ts";
import { refuseTakenName } from "./enrollment-tokens.ts";
import { updateToken } from "./enrollment-tokens-store.ts";
import { badField, describeColumns, type EditableColumns, toColumns } from "./token-settings.ts";

type Life = Pick<EditableColumns, "expiresAt" | "maxEnrollments">;

/** Whether a token accepts hosts for longer or more hosts after a change. Null: without a limit. */
function isLonger(before: Life, after: Life): boolean {
  const isMore = (one: number | null, other: number | null) => (one ?? Infinity) > (other ?? Infinity);
  return isMore(after.expiresAt, before.expiresAt) || isMore(after.maxEnrollments, before.maxEnrollments);
}

/**
 * Throws not-found, input-invalid, name-taken, state-conflict, and sign-in-not-recent for a change that
 * lengthens the life of the token.
 */
export async function updateEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  body: RouteInput<typeof updateRoute>["body"],
) {
  const columns = toColumns(body, now);
  return await refuseTakenName(body.name, () =>
    changeToken(db, now, user, id, "edit", async (tx, token) => {
      const { uses } = token;
      if (columns.maxEnrollments && columns.maxEnrollments < uses)
        throw badField("maxEnrollments", `must be at least ${uses}, the number of sensors already enrolled`);
      const before = describeColumns(token);
      const after = describeColumns({ ...token, ...columns });
      const changed = Object.keys(after).filter(
        (name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]),
      );
      if (changed.length === 0) return;
      if (isLonger(token, { ...token, ...columns })) requireRecentSignIn(user);
      await updateToken(tx, id, columns);
      const pick = (shown: typeof after) => Object.fromEntries(changed.map((name) => [name, shown[name]!]));
      const details = { before: pick(before), after: pick(after) };
      await recordAuditEvent(
        tx,
        tokenEvent(now, user, { ...token, ...columns }, "enrollment-token.changed", details),
      );
    }),
  );
}

/** Throws not-found, state-conflict. */
export async function pauseEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await changeToken(db, now, user, id, "pause", async (tx, token) => {
    await updateToken(tx, id, { pausedAt: now, pausedBy: user.id });
    await recordAuditEvent(tx, tokenEvent(now, user, token, "enrollment-token.paused"));
  });
}

/** Throws not-found, state-conflict. */
export async function resumeEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await changeToken(db, now, user, id, "resume", async (tx, token) => {
    await updateToken(tx, id, { pausedAt: null, pausedBy: null });
    await recordAuditEvent(tx, tokenEvent(now, user, token, "enrollment-token.resumed"));
  });
}

/** Final, and for new enrollments only. Throws not-found, state-conflict. */
export async function revokeEnrollmentToken(db: Database, now: number, user: User, id: string) {
  return await changeToken(db, now, user, id, "revoke", (tx, token) =>
    revokeLockedToken(tx, now, user, token),
  );
}

export async function revokeLockedToken(
  tx: Database,
  now: number,
  user: User,
  token: LockedToken,
): Promise<void> {
  await updateToken(tx, token.id, { revokedAt: now, revokedBy: user.id });
  const details = { enrolledSensors: token.uses };
  await recordAuditEvent(tx, tokenEvent(now, user, token, "enrollment-token.revoked", details));
}

/**
 * Removes the token from every list and rejects new enrollments. Its sensors keep reporting and still show
 * its name. Throws not-found.
 */
export async function deleteEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const token = await lockTokenFor(tx, now, id, "delete");
    await updateToken(tx, id, { deletedAt: now });
    const details = { enrolledSensors: token.uses };
    await recordAuditEvent(tx, tokenEvent(now, user, token, "enrollment-token.deleted", details));
  });
}
