// Changes of an existing token. None of them affects enrolled sensors.
import type { updateEnrollmentToken as updateRoute } from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { TokenBulkAction } from "@attacklens/protocol/token-actions.ts";
import { type AuditEvent, recordAuditEvent, recordAuditEvents } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import type { EnrollmentTokenTable } from "../db/schema-tokens.ts";
import { inTransaction } from "../db/transaction.ts";
import { requireRecentSignIn } from "../permitted.ts";
import { changeToken, lockTokenFor, tokenEvent } from "./change-token.ts";
import { refuseTakenName } from "./enrollment-tokens.ts";
import { type TokenColumns, updateToken } from "./enrollment-tokens-store.ts";
import { updateTokens } from "./token-actions-store.ts";
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

interface Change {
  columns: (now: number, user: User) => TokenColumns;
  event: AuditEvent["action"];
  details?: (token: EnrollmentTokenTable) => AuditEvent["details"];
}

const enrolledSensors = ({ uses }: EnrollmentTokenTable) => ({ enrolledSensors: uses });

const CHANGES: Record<TokenBulkAction, Change> = {
  pause: {
    columns: (now, user) => ({ pausedAt: now, pausedBy: user.id }),
    event: "enrollment-token.paused",
  },
  resume: {
    columns: () => ({ pausedAt: null, pausedBy: null }),
    event: "enrollment-token.resumed",
  },
  // Final, and for new enrollments only.
  revoke: {
    columns: (now, user) => ({ revokedAt: now, revokedBy: user.id }),
    event: "enrollment-token.revoked",
    details: enrolledSensors,
  },
  // Removes the token from every list. Its sensors keep reporting and still show its name.
  delete: {
    columns: (now) => ({ deletedAt: now }),
    event: "enrollment-token.deleted",
    details: enrolledSensors,
  },
};

/** Changes locked tokens whose states permit it. */
export async function actOnLockedTokens(
  tx: Database,
  now: number,
  user: User,
  action: TokenBulkAction,
  tokens: EnrollmentTokenTable[],
): Promise<void> {
  const { columns, event, details } = CHANGES[action];
  await updateTokens(
    tx,
    tokens.map(({ id }) => id),
    columns(now, user),
  );
  await recordAuditEvents(
    tx,
    tokens.map((token) => tokenEvent(now, user, token, event, details?.(token))),
  );
}

/** Returns the changed token. Throws not-found, state-conflict. */
export async function actOnToken(
  db: Database,
  now: number,
  user: User,
  action: Exclude<TokenBulkAction, "delete">,
  id: string,
) {
  return await changeToken(db, now, user, id, action, (tx, token) =>
    actOnLockedTokens(tx, now, user, action, [token]),
  );
}

/** Throws not-found. */
export async function deleteEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
): Promise<void> {
  await inTransaction(db, async (tx) =>
    actOnLockedTokens(tx, now, user, "delete", [await lockTokenFor(tx, now, id, "delete")]),
  );
}
