// The common steps of every change to a token: lock it, check that its state permits the change, and record
// an audit event.
import { lockAssetGroups } from "../asset-groups/asset-groups.ts";
import { type AuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import type { EnrollmentTokenTable } from "../db/schema-tokens.ts";
import { inTransaction } from "../db/transaction.ts";
import { requirePossible } from "../permitted.ts";
import { getEnrollmentToken, notFound } from "./enrollment-tokens.ts";
import { lockTokens } from "./token-actions-store.ts";
import { type TokenAction, tokenObstacle } from "./token-obstacles.ts";

/** Runs a change on the locked token and returns the changed token. Throws not-found, state-conflict. */
export async function changeToken(
  db: Database,
  now: number,
  user: User,
  id: string,
  action: TokenAction,
  work: (tx: Database, token: EnrollmentTokenTable) => Promise<void>,
) {
  await inTransaction(db, async (tx) => work(tx, await lockTokenFor(tx, now, id, action)));
  return await getEnrollmentToken(db, now, user, id);
}

/** A locked token, and why the action is impossible. */
type JudgedToken = EnrollmentTokenTable & { obstacle: string | undefined };

/** Locks those of the tokens that exist until the transaction ends, and their asset groups. */
export async function lockAndJudgeTokens(
  tx: Database,
  now: number,
  ids: readonly string[],
  action: TokenAction,
): Promise<JudgedToken[]> {
  const tokens = await lockTokens(tx, ids);
  const groupIds = tokens.flatMap(({ assetGroupId }) => assetGroupId ?? []);
  const groups = new Set((await lockAssetGroups(tx, groupIds)).map(({ id }) => id));
  return tokens.map((token) => {
    const isGroupDeleted = token.assetGroupId !== null && !groups.has(token.assetGroupId);
    // Only whether the group was deleted matters, not when.
    const facts = { ...token, assetGroupDeletedAt: isGroupDeleted ? 0 : null };
    return { ...token, obstacle: tokenObstacle(action, facts, now) };
  });
}

/** Locks the token if its state permits the action. Throws not-found, state-conflict. */
export async function lockTokenFor(
  tx: Database,
  now: number,
  id: string,
  action: TokenAction,
): Promise<EnrollmentTokenTable> {
  const [token] = await lockAndJudgeTokens(tx, now, [id], action);
  if (!token) throw notFound(id);
  requirePossible(token.obstacle);
  return token;
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
