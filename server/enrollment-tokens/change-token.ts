// The common steps of every change to a token: lock it, check that its state permits the change, and record
// an audit event.
import { lockAssetGroup } from "../asset-groups/asset-groups.ts";
import { type AuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database, EnrollmentTokenTable } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { requirePossible } from "../permitted.ts";
import { getEnrollmentToken, notFound } from "./enrollment-tokens.ts";
import { countUses, lockToken } from "./enrollment-tokens-store.ts";
import { type TokenAction, tokenObstacle } from "./token-obstacles.ts";

export type LockedToken = EnrollmentTokenTable & { uses: number };

/** Runs a change on the locked token and returns the changed token. Throws not-found, state-conflict. */
export async function changeToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  action: TokenAction,
  work: (tx: Database, token: LockedToken) => Promise<void>,
) {
  await inTransaction(db, async (tx) => work(tx, await lockTokenFor(tx, now, id, action)));
  return await getEnrollmentToken(db, now, user, id);
}

/** Locks the token if its state permits the action. Throws not-found, state-conflict. */
export async function lockTokenFor(
  tx: Database,
  now: number,
  id: string,
  action: TokenAction,
): Promise<LockedToken> {
  const token = await lockToken(tx, { id });
  if (!token) throw notFound(id);
  const { assetGroupId } = token;
  const isGroupDeleted = assetGroupId !== null && !(await lockAssetGroup(tx, assetGroupId));
  const locked = { ...token, uses: await countUses(tx, id) };
  // Only whether the group was deleted matters, not when.
  const facts = { ...locked, assetGroupDeletedAt: isGroupDeleted ? 0 : null };
  requirePossible(tokenObstacle(action, facts, now));
  return locked;
}

export function tokenEvent(
  now: number,
  user: User,
  token: { id: string; name: string },
  action: AuditEvent["action"],
  details: AuditEvent["details"] = {},
): AuditEvent {
  const entity = { type: "enrollment-token", id: token.id, name: token.name } as const;
  return { at: now, actor: userActor(user), action, entity, details };
}
