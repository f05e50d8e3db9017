// The sessions of a user: listed with their browsers and addresses, and ended one by one or all together.

import { Problem } from "@attacklens/protocol/problems.ts";
import type { Session } from "@attacklens/protocol/sessions.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { SessionUser } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import type { SessionTable } from "../db/schema-accounts.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { deleteSessionOf, deleteSessionsOf, listSessionsOf } from "./sessions-store.ts";

/** The maximum duration of a session, even in use. */
export const MAX_SESSION_MS = 30 * 86_400_000;
/** The last use of a session is written at most once in this time. */
export const LAST_USE_MS = 60_000;
/** The time after a sign-in or a confirmation in which it counts as recent. */
const RECENT_MS = 15 * 60_000;

export function isRecent(
  { createdAt, confirmedAt }: Pick<SessionTable, "createdAt" | "confirmedAt">,
  now: number,
): boolean {
  return (confirmedAt ?? createdAt) > now - RECENT_MS;
}

/** The caller's sessions, the latest first. */
export async function listSessions(
  db: Database,
  now: number,
  user: SessionUser,
): Promise<{ items: Session[] }> {
  const rows = await listSessionsOf(db, user.id, { now, startedAfter: now - MAX_SESSION_MS });
  return { items: rows.map((row) => present(row, user)) };
}

function present(row: SessionTable, user: SessionUser): Session {
  return {
    id: row.id,
    isCurrent: row.id === user.session.id,
    userAgent: row.userAgent || null,
    address: row.lastUsedAddress ?? (row.ipAddress || null),
    startedAt: toInstant(row.createdAt),
    lastUsedAt: toInstant(row.lastUsedAt ?? row.createdAt),
  };
}

/** Throws not-found. */
export async function revokeSession(db: Database, now: number, user: SessionUser, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const ended = await deleteSessionOf(tx, user.id, id);
    if (!ended) throw new Problem("not-found", `You have no session ${id}`);
    await recordEnd(tx, now, user, { session: id, address: ended.lastUsedAddress ?? ended.ipAddress ?? "" });
  });
}

/** Ends every session of the caller, the current one too. */
export async function revokeAllSessions(db: Database, now: number, user: SessionUser): Promise<void> {
  await inTransaction(db, async (tx) => {
    const sessions = await deleteSessionsOf(tx, user.id);
    await recordEnd(tx, now, user, { sessions });
  });
}

async function recordEnd(
  tx: Database,
  at: number,
  user: SessionUser,
  details: Record<string, string | number>,
): Promise<void> {
  const entity = { type: "user", id: user.id, name: user.name } as const;
  await recordAuditEvent(tx, {
    at,
    actor: userActor(user),
    action: "user.session-revoked",
    entity,
    details,
  });
}
