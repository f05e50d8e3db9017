// The rules of enrollment tokens: made, listed, revoked, deleted, and redeemed by a sensor.
import { createHash, randomBytes } from "node:crypto";
import type {
  createEnrollmentToken as createRoute,
  EnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import { formatTokenValue, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { holdAssetGroup } from "../asset-groups/asset-groups.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import { permitted } from "../permitted.ts";
import type { User } from "../route-handler.ts";
import {
  countUses,
  findToken,
  insertToken,
  insertUse,
  lockToken,
  markTokenDeleted,
  markTokenRevoked,
  pageOfTokens,
  type TokenPage,
  type TokenRow,
} from "./enrollment-tokens-store.ts";
import { enrollmentTokenStatus } from "./token-status.ts";

function present(row: TokenRow, now: number, user: User): EnrollmentToken {
  const manage = "enrollment-tokens:manage";
  return {
    id: row.id,
    name: row.name,
    scope:
      row.assetGroupId === null
        ? { type: "all-assets" }
        : {
            type: "asset-group",
            assetGroup: {
              id: row.assetGroupId,
              name: row.assetGroupName ?? "",
              deleted: row.assetGroupDeletedAt !== null,
            },
          },
    hint: row.hint,
    createdAt: toInstant(row.createdAt),
    createdBy: row.createdBy,
    expiresAt: toInstant(row.expiresAt),
    status: enrollmentTokenStatus(row, now),
    revokedAt: toInstant(row.revokedAt),
    revokedBy: row.revokedBy,
    enrolledSensors: Number(row.enrolledSensors),
    lastUsedAt: toInstant(row.lastUsedAt),
    can: {
      revoke: permitted(user, manage, row.revokedAt === null ? undefined : "Already revoked"),
      delete: permitted(user, manage),
    },
  };
}

export async function listEnrollmentTokens(db: Database, now: number, user: User, query: TokenPage) {
  const { rows, ...page } = await pageOfTokens(db, now, query);
  return { items: rows.map((row) => present(row, now, user)), ...page };
}

/** Throws not-found. */
export async function getEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
): Promise<EnrollmentToken> {
  const row = await findToken(db, id);
  if (!row) throw notFound(id);
  return present(row, now, user);
}

/** Makes a token; the value is in the answer and nowhere else. Throws input-invalid, name-taken. */
export async function createEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  { name, scope, expiresAt }: RouteInput<typeof createRoute>["body"],
): Promise<{ enrollmentToken: EnrollmentToken; value: string }> {
  const expiresAtMs = expiresAt === null ? null : Date.parse(expiresAt);
  if (expiresAtMs !== null && expiresAtMs <= now) throw badField("expiresAt", "must be in the future");
  const id = newId("enrollmentToken");
  const value = formatTokenValue(randomBytes(32));
  const assetGroupId = scope.type === "asset-group" ? scope.assetGroupId : null;
  try {
    await inTransaction(db, async (tx) => {
      if (assetGroupId !== null && !(await holdAssetGroup(tx, assetGroupId))) {
        throw badField("scope.assetGroupId", "is not an asset group that exists");
      }
      await insertToken(tx, {
        id,
        name,
        nameKey: nameKey(name),
        valueHash: hashTokenValue(value),
        hint: value.slice(-4),
        assetGroupId,
        expiresAt: expiresAtMs,
        createdAt: now,
        createdBy: user.id,
        revokedAt: null,
        revokedBy: null,
        deletedAt: null,
      });
      await recordAuditEvent(tx, {
        at: now,
        actor: userActor(user),
        action: "enrollment-token.created",
        entity: { type: "enrollment-token", id },
        details: { name, assetGroupId, expiresAt: toInstant(expiresAtMs) },
      });
    });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Another enrollment token is named "${name}"`, {
      cause: error,
      fields: { name: "is already in use by another enrollment token" },
    });
  }
  return { enrollmentToken: await getEnrollmentToken(db, now, user, id), value };
}

/** Final, for new enrollments only. Revoking a revoked token changes nothing. Throws not-found. */
export async function revokeEnrollmentToken(db: Database, now: number, user: User, id: string) {
  await inTransaction(db, async (tx) => {
    const token = await lockToken(tx, { id });
    if (!token) throw notFound(id);
    if (token.revokedAt !== null) return;
    await markTokenRevoked(tx, id, now, user.id);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "enrollment-token.revoked",
      entity: { type: "enrollment-token", id },
      details: { name: token.name, enrolledSensors: await countUses(tx, id) },
    });
  });
  return await getEnrollmentToken(db, now, user, id);
}

/** Gone from every list, refused from now on; its sensors go on and keep naming it. Throws not-found. */
export async function deleteEnrollmentToken(
  db: Database,
  now: number,
  user: User,
  id: string,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const token = await lockToken(tx, { id });
    if (!token) throw notFound(id);
    await markTokenDeleted(tx, id, now);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "enrollment-token.deleted",
      entity: { type: "enrollment-token", id },
      details: { name: token.name, enrolledSensors: await countUses(tx, id) },
    });
  });
}

export interface HeldToken {
  id: string;
  name: string;
  assetGroup: { id: string; name: string } | null;
}

/**
 * The token that a value names, locked and active until the transaction ends, its group too.
 * An unknown value gets token-unknown and nothing else; who holds the real one is told why it is refused:
 * token-revoked, token-expired, token-group-deleted.
 */
export async function holdActiveToken(tx: Database, now: number, valueHash: string): Promise<HeldToken> {
  const token = await lockToken(tx, { valueHash });
  if (!token) throw new Problem("token-unknown", "Cannot enroll sensor: the enrollment token is not known");
  const assetGroup = token.assetGroupId === null ? null : await holdAssetGroup(tx, token.assetGroupId);
  const status = enrollmentTokenStatus(
    { ...token, assetGroupDeletedAt: assetGroup === undefined ? 0 : null },
    now,
  );
  switch (status) {
    case "active":
      return { id: token.id, name: token.name, assetGroup: assetGroup ?? null };
    case "revoked":
      throw new Problem(
        "token-revoked",
        `Cannot enroll sensor: token was revoked at ${toInstant(token.revokedAt)}`,
      );
    case "expired":
      throw new Problem(
        "token-expired",
        `Cannot enroll sensor: token expired at ${toInstant(token.expiresAt)}`,
      );
    case "group-deleted":
      throw new Problem(
        "token-group-deleted",
        "Cannot enroll sensor: the token's asset group no longer exists",
      );
  }
}

/** Counts one use, in the transaction that makes the sensor. */
export async function recordTokenUse(
  tx: Database,
  use: { tokenId: string; sensorId: string; at: number; address: string; hostname: string },
): Promise<void> {
  await insertUse(tx, {
    id: newId("enrollment"),
    enrollmentTokenId: use.tokenId,
    sensorId: use.sensorId,
    enrolledAt: use.at,
    address: use.address,
    hostname: use.hostname,
  });
}

/** SHA-256 of a well-formed value, as it is stored. Throws token-unknown for a mistyped one, without a look-up. */
export function parseTokenValue(value: string): string {
  if (tokenValueError(value) !== undefined) {
    throw new Problem("token-unknown", "Cannot enroll sensor: the enrollment token is not known");
  }
  return hashTokenValue(value);
}

function hashTokenValue(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

function badField(field: string, message: string): Problem {
  return new Problem("input-invalid", `Cannot create enrollment token: ${field} ${message}`, {
    fields: { [field]: message },
  });
}

function notFound(id: string): Problem {
  return new Problem("not-found", `There is no enrollment token ${id}`);
}
