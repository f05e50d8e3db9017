// Creates enrollment tokens, once for each request even if it is repeated. The value is returned and not
// stored.
import { randomBytes } from "node:crypto";
import type {
  createEnrollmentToken as createRoute,
  EnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";
import { findOrCreateGroup } from "../asset-groups/asset-groups.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { type CreationSteps, cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { getEnrollmentToken, insertNewToken, type NewValue, refuseTakenName } from "./enrollment-tokens.ts";
import { hasAttempts, lockToken, replaceTokenValue } from "./enrollment-tokens-store.ts";
import { hashTokenValue } from "./token-admission.ts";
import { toColumns } from "./token-settings.ts";

/** Returns the token and its value. Throws input-invalid, name-taken, and the problems of `createOnce`. */
export async function createEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  { scope, ...settings }: RouteInput<typeof createRoute>["body"],
  idempotency?: IdempotentRequest,
): Promise<{ enrollmentToken: EnrollmentToken; value: string }> {
  return await createTokenOnce(db, now, user, settings.name, idempotency, async (tx, id) => {
    const columns = toColumns(settings, now);
    const assetGroupId = await groupOf(tx, now, user, scope);
    return await insertNewToken(tx, now, user, { ...columns, id, assetGroupId, rotatedFrom: null });
  });
}

type Scope = RouteInput<typeof createRoute>["body"]["scope"];

/** Creates the named group in the transaction of the token, so that a refused token leaves no group. */
async function groupOf(tx: Database, now: number, user: User, scope: Scope): Promise<string | null> {
  if (scope.type === "all-assets") return null;
  if (scope.assetGroupName === undefined) return scope.assetGroupId ?? null;
  return (await findOrCreateGroup(tx, now, user, scope.assetGroupName)).id;
}

/** Runs `create`, or replaces the value of the token that the same request created before. */
export async function createTokenOnce(
  db: Database,
  now: number,
  user: User,
  name: string,
  idempotency: IdempotentRequest | undefined,
  create: CreationSteps<NewValue>["create"],
): Promise<{ enrollmentToken: EnrollmentToken; value: string }> {
  const repeat = (tx: Database, id: string) => replaceUnusedValue(tx, now, user, id);
  const { id, value } = await refuseTakenName(name, () =>
    createOnce(db, now, idempotency, { noun: "enrollmentToken", create, repeat }),
  );
  return { enrollmentToken: await getEnrollmentToken(db, now, user, id), value };
}

/** A value that a host has presented was delivered, and is not replaced. Throws state-conflict. */
async function replaceUnusedValue(tx: Database, now: number, user: User, id: string): Promise<NewValue> {
  const token = await lockToken(tx, { id });
  if (!token) throw cannotRepeat("enrollment token", "was deleted");
  if (token.revokedAt !== null) throw cannotRepeat("enrollment token", "was revoked", token.revokedAt);
  if (await hasAttempts(tx, id)) throw cannotRepeat("enrollment token", "has been used by a host");
  const value = formatTokenValue(randomBytes(32));
  await replaceTokenValue(tx, id, { valueHash: hashTokenValue(value), hint: value.slice(-4) });
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "enrollment-token.value-replaced",
    entity: { type: "enrollment-token", id, name: token.name },
    details: { cause: "request-repeated", valueShownTo: user.name },
  });
  return { id, value };
}
