// Reads enrollment tokens, and inserts a new one. create-token.ts, rotate-token.ts, token-changes.ts, and
// revoke-and-block.ts create and change them.
import { randomBytes } from "node:crypto";
import type { EnrollmentToken, ListedToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { listActions } from "@attacklens/protocol/obstacles.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { TOKEN_OBSTACLES } from "@attacklens/protocol/token-obstacles.ts";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";
import { lockAssetGroup } from "../asset-groups/asset-groups.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import type { EnrollmentTokenTable } from "../db/schema-tokens.ts";
import { toInstant } from "../ids.ts";
import { permitted } from "../permitted.ts";
import {
  findSuccessors,
  findToken,
  insertToken,
  pageOfTokens,
  type TokenPage,
  type TokenRow,
} from "./enrollment-tokens-store.ts";
import { hashTokenValue } from "./token-admission.ts";
import { TOKEN_ACTIONS, TOKEN_RULES, tokenObstacle } from "./token-obstacles.ts";
import { badField, describeColumns, type EditableColumns, toSettings } from "./token-settings.ts";
import { enrollmentTokenStatus, tokenWarnings } from "./token-status.ts";

type Successors = Map<string, { id: string; name: string }>;

function presentListed(row: TokenRow, now: number, user: User, successors: Successors): ListedToken {
  const actions = listActions(TOKEN_OBSTACLES, TOKEN_RULES, user.role, row, now);
  return { ...presentCommon(row, now, successors), ...actions };
}

function present(row: TokenRow, now: number, user: User, successors: Successors): EnrollmentToken {
  const can = permitted(user, "enrollment-tokens:manage", TOKEN_ACTIONS, (action) =>
    tokenObstacle(action, row, now),
  );
  return { ...presentCommon(row, now, successors), can };
}

function presentCommon(row: TokenRow, now: number, successors: Successors): Omit<EnrollmentToken, "can"> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
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
    ...toSettings(row),
    hint: row.hint,
    createdAt: toInstant(row.createdAt),
    createdBy: row.createdBy,
    expiresAt: toInstant(row.expiresAt),
    status: enrollmentTokenStatus(row, now),
    revokedAt: toInstant(row.revokedAt),
    revokedBy: row.revokedBy,
    pausedAt: toInstant(row.pausedAt),
    pausedBy: row.pausedBy,
    enrolledSensors: row.uses,
    lastUsedAt: toInstant(row.lastUsedAt),
    refusedAttempts: row.refusedAttempts,
    rotatedFrom: row.rotatedFrom === null ? null : { id: row.rotatedFrom, name: row.rotatedFromName ?? "" },
    rotatedTo: successors.get(row.id) ?? null,
    warnings: tokenWarnings(row, now),
  };
}

export async function listEnrollmentTokens(db: Database, now: number, user: User, query: TokenPage) {
  const { rows, ...page } = await pageOfTokens(db, now, query);
  const successors = await findSuccessors(
    db,
    rows.map(({ id }) => id),
  );
  return { items: rows.map((row) => presentListed(row, now, user, successors)), ...page };
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
  return present(row, now, user, await findSuccessors(db, [id]));
}

/** The value of a new token, which is shown once. */
export interface NewValue {
  id: string;
  value: string;
}

type NewToken = EditableColumns & Pick<EnrollmentTokenTable, "id" | "assetGroupId" | "rotatedFrom">;

/**
 * Creates the value and inserts the row, in a transaction. Throws input-invalid if the group does not exist.
 */
export async function insertNewToken(
  tx: Database,
  now: number,
  user: User,
  token: NewToken,
): Promise<NewValue> {
  const { id } = token;
  const value = formatTokenValue(randomBytes(32));
  const group = token.assetGroupId === null ? undefined : await lockAssetGroup(tx, token.assetGroupId);
  if (token.assetGroupId !== null && !group)
    throw badField("scope.assetGroupId", "must be an existing asset group");
  await insertToken(tx, {
    ...token,
    valueHash: hashTokenValue(value),
    hint: value.slice(-4),
    createdAt: now,
    createdBy: user.id,
    revokedAt: null,
    revokedBy: null,
    deletedAt: null,
    pausedAt: null,
    pausedBy: null,
    refusedAttempts: 0,
    uses: 0,
    lastUsedAt: null,
  });
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "enrollment-token.created",
    entity: { type: "enrollment-token", id, name: token.name },
    details: {
      after: { ...describeColumns(token), assetGroup: group?.name ?? null },
      valueShownTo: user.name,
    },
  });
  return { id, value };
}

/** Runs `write`, which stores the name. Throws name-taken. */
export async function refuseTakenName<T>(name: string | undefined, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Another enrollment token is named "${name}"`, {
      cause: error,
      fields: { name: "is already in use by another enrollment token" },
      ...(name === undefined ? {} : { extras: { name } }),
    });
  }
}

export function notFound(id: string): Problem {
  return new Problem("not-found", `There is no enrollment token ${id}`);
}
