// API keys: an Admin creates one for a program. Its role is never above the creator's, and it never outlives
// the creator's account.
import { createHash, randomBytes } from "node:crypto";
import {
  type ApiKey,
  type ApiKeyStatus,
  type createApiKey as createRoute,
  MAX_API_KEY_DAYS,
} from "@attacklens/protocol/api-keys.ts";
import { ROLE_NAMES, ROLES, type Role } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { API_KEY_PREFIX, formatTokenValue, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { nameKey, toInstant } from "../ids.ts";
import { permitted, requirePossible } from "../permitted.ts";
import {
  type ApiKeyPage,
  type ApiKeyRow,
  findApiKey,
  findApiKeyByHash,
  insertApiKey,
  listApiKeysById,
  lockApiKey,
  pageOfApiKeys,
  replaceKeyValue,
  revokeApiKeyRow,
  updateLastUse,
} from "./api-keys-store.ts";

const DAY_MS = 86_400_000;
/** The last use of a key is written at most once in this time. */
const LAST_USE_MS = 60_000;

/** Decides the status of a key. A key is already expired at the exact time of its expiry. */
function statusOf(key: ApiKeyRow, now: number): ApiKeyStatus {
  if (key.revokedAt !== null) return "revoked";
  if (key.expiresAt <= now) return "expired";
  if (key.makerStatus !== "active") return "maker-gone";
  return "active";
}

/**
 * Returns a sentence with the reason why the action is impossible at `now`, or undefined if it is possible.
 * For `can` and for enforcement.
 */
function apiKeyObstacle(_action: "revoke", key: ApiKeyRow, now: number): string | undefined {
  const status = statusOf(key, now);
  if (status === "revoked") return "Can't revoke the API key: it is already revoked.";
  if (status === "expired") return "Can't revoke the API key: it has expired, and no longer works.";
  return undefined;
}

function present(key: ApiKeyRow, now: number, user: User): ApiKey {
  const status = statusOf(key, now);
  return {
    id: key.id,
    name: key.name,
    role: roleOf(key.role),
    hint: key.hint,
    status,
    createdAt: toInstant(key.createdAt),
    createdBy: key.createdBy,
    expiresAt: toInstant(key.expiresAt),
    lastUsedAt: toInstant(key.lastUsedAt),
    lastUsedAddress: key.lastUsedAddress,
    revokedAt: toInstant(key.revokedAt),
    revokedBy: key.revokedBy,
    can: permitted(user, "api-keys:manage", ["revoke"], (action) => apiKeyObstacle(action, key, now)),
  };
}

export async function listApiKeys(db: Database, now: number, user: User, query: ApiKeyPage) {
  const { rows, ...page } = await pageOfApiKeys(db, now, query);
  return { items: rows.map((row) => present(row, now, user)), ...page };
}

/** Returns the value, which is stored nowhere. Throws input-invalid, and what `createOnce` throws. */
export async function createApiKey(
  db: Database,
  now: number,
  user: User,
  { name, role, expiresAt }: RouteInput<typeof createRoute>["body"],
  idempotency?: IdempotentRequest,
) {
  if (ROLES.indexOf(role) > ROLES.indexOf(user.role))
    throw badField("role", `must not be above your own, which is ${ROLE_NAMES[user.role]}`);
  const { id, value } = await createOnce(db, now, idempotency, {
    noun: "apiKey",
    create: (tx, id) => insertNewKey(tx, now, user, { id, name, role, expiry: parseExpiry(expiresAt, now) }),
    repeat: (tx, id) => replaceUnusedValue(tx, now, user, id),
  });
  return { apiKey: present((await findApiKey(db, id))!, now, user), value };
}

function parseExpiry(text: string, now: number): number {
  const expiry = Date.parse(text);
  if (expiry <= now) throw badField("expiresAt", "must be in the future");
  if (expiry > now + MAX_API_KEY_DAYS * DAY_MS)
    throw badField("expiresAt", `must be at most ${MAX_API_KEY_DAYS} days ahead`);
  return expiry;
}

async function insertNewKey(
  tx: Database,
  now: number,
  user: User,
  { id, name, role, expiry }: { id: string; name: string; role: Role; expiry: number },
) {
  const value = formatTokenValue(randomBytes(32), API_KEY_PREFIX);
  await insertApiKey(tx, {
    id,
    name,
    nameKey: nameKey(name),
    valueHash: hashOf(value),
    hint: value.slice(-4),
    role,
    createdAt: now,
    createdBy: user.id,
    expiresAt: expiry,
    revokedAt: null,
    revokedBy: null,
    lastUsedAt: null,
    lastUsedAddress: null,
  });
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "api-key.created",
    entity: { type: "api-key", id, name },
    details: { after: { name, role, expiresAt: toInstant(expiry) }, valueShownTo: user.name },
  });
  return { id, value };
}

/** A key that was used has been delivered, so its value is not replaced. Throws state-conflict. */
async function replaceUnusedValue(tx: Database, now: number, user: User, id: string) {
  const key = await lockApiKey(tx, id);
  if (!key) throw cannotRepeat("API key", "no longer exists");
  if (key.revokedAt !== null) throw cannotRepeat("API key", "was revoked", key.revokedAt);
  if (key.lastUsedAt !== null) throw cannotRepeat("API key", "was used", key.lastUsedAt);
  const value = formatTokenValue(randomBytes(32), API_KEY_PREFIX);
  await replaceKeyValue(tx, id, { valueHash: hashOf(value), hint: value.slice(-4) });
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "api-key.value-replaced",
    entity: { type: "api-key", id, name: key.name },
    details: { cause: "request-repeated", valueShownTo: user.name },
  });
  return { id, value };
}

/** Throws not-found, state-conflict. */
export async function revokeApiKey(db: Database, now: number, user: User, id: string) {
  await inTransaction(db, async (tx) => {
    const key = await lockApiKey(tx, id);
    if (!key) throw new Problem("not-found", `There is no API key ${id}`);
    requirePossible(apiKeyObstacle("revoke", key, now));
    await revokeApiKeyRow(tx, id, now, user.id);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "api-key.revoked",
      entity: { type: "api-key", id, name: key.name },
    });
  });
  return present((await findApiKey(db, id))!, now, user);
}

/**
 * Returns the user of a key's value, with the key's role. A refusal states its reason only for an existing
 * value. Throws not-signed-in.
 */
export async function findApiKeyUser(
  db: Database,
  now: number,
  value: string,
  address: string,
): Promise<User> {
  const mistake = tokenValueError(value, API_KEY_PREFIX);
  if (mistake) throw refused(`the value ${mistake}`);
  const key = await findApiKeyByHash(db, hashOf(value));
  if (!key) throw refused("it is not known here");
  const status = statusOf(key, now);
  if (status === "revoked") throw refused(`it was revoked at ${toInstant(key.revokedAt)}`);
  if (status === "expired") throw refused(`it expired at ${toInstant(key.expiresAt)}`);
  if (status === "maker-gone")
    throw refused(
      `${key.createdBy}, who made it, is ${key.makerStatus === "deleted" ? "deleted" : "disabled"}`,
    );
  if (key.lastUsedAt === null || key.lastUsedAt <= now - LAST_USE_MS)
    await updateLastUse(db, key.id, now, address);
  return {
    id: key.makerId,
    name: key.createdBy,
    email: key.makerEmail,
    role: roleWith(key),
    apiKey: { id: key.id, name: key.name },
  };
}

/** Returns the role with which each of the keys is accepted. A key that is refused has none. */
export async function findKeyRoles(
  db: Database,
  now: number,
  ids: readonly string[],
): Promise<Map<string, Role>> {
  if (ids.length === 0) return new Map();
  const keys = await listApiKeysById(db, ids);
  return new Map(keys.filter((key) => statusOf(key, now) === "active").map((key) => [key.id, roleWith(key)]));
}

/** The lower of the roles of the key and of its creator. */
function roleWith(key: ApiKeyRow): Role {
  return lower(roleOf(key.role), roleOf(key.makerRole));
}

function refused(why: string): Problem {
  return new Problem("not-signed-in", `The API key is refused: ${why}`);
}

function roleOf(name: string): Role {
  return ROLES.find((role) => role === name) ?? "viewer";
}

function lower(one: Role, other: Role): Role {
  return ROLES.indexOf(one) < ROLES.indexOf(other) ? one : other;
}

function hashOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

function badField(field: string, message: string): Problem {
  return new Problem("input-invalid", `The API key is not valid: ${field} ${message}`, {
    fields: { [field]: message },
  });
}
