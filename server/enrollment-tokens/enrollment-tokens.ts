// The rules of enrollment tokens: listed, and redeemed by a sensor. What makes and changes them is in create-token.ts and
// token-changes.ts.
import { createHash, randomBytes } from "node:crypto";
import type { RefusalReason } from "@attacklens/protocol/enrollment-attempts.ts";
import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { formatTokenValue, tokenValueError } from "@attacklens/protocol/token-value.ts";
import { holdAssetGroup } from "../asset-groups/asset-groups.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import { announce } from "../db/changes.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database, EnrollmentTokenTable } from "../db/schema.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import { isInNetworks } from "../networks.ts";
import { permitted } from "../permitted.ts";
import type { RefusalLedger, User } from "../route-handler.ts";
import { insertAttempts, upsertRefusals } from "./attempts-store.ts";
import {
  countUses,
  findAllowedHostnames,
  findSuccessors,
  findToken,
  insertToken,
  lockToken,
  lockTokenOfSensor,
  pageOfTokens,
  type TokenPage,
  type TokenRow,
  updateToken,
} from "./enrollment-tokens-store.ts";
import { admitsHostname } from "./token-limits.ts";
import { TOKEN_ACTIONS, tokenObstacle } from "./token-obstacles.ts";
import { badField, describeColumns, parseList, type SettingColumns } from "./token-settings.ts";
import { enrollmentTokenStatus, tokenWarnings } from "./token-status.ts";

/** What the token's own columns, its group and its uses say of its state. */
function factsOf(row: TokenRow) {
  return { ...row, uses: Number(row.uses) };
}

function present(
  row: TokenRow,
  now: number,
  user: User,
  successors: Map<string, { id: string; name: string }>,
): EnrollmentToken {
  const facts = factsOf(row);
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
    maxEnrollments: row.maxEnrollments,
    allowedNetworks: parseList(row.allowedNetworks),
    allowedHostnames: parseList(row.allowedHostnames),
    tags: parseList(row.tags),
    requireApproval: row.requireApproval === 1,
    ephemeralHours: row.ephemeralHours,
    copies: row.copies,
    reinstalls: row.reinstalls,
    reEnrollLost: row.reEnrollLost,
    hint: row.hint,
    createdAt: toInstant(row.createdAt),
    createdBy: row.createdBy,
    expiresAt: toInstant(row.expiresAt),
    status: enrollmentTokenStatus(facts, now),
    revokedAt: toInstant(row.revokedAt),
    revokedBy: row.revokedBy,
    pausedAt: toInstant(row.pausedAt),
    pausedBy: row.pausedBy,
    enrolledSensors: Number(row.uses),
    lastUsedAt: toInstant(row.lastUsedAt),
    refusedAttempts: Number(row.refusedAttempts),
    rotatedFrom: row.rotatedFrom === null ? null : { id: row.rotatedFrom, name: row.rotatedFromName ?? "" },
    rotatedTo: successors.get(row.id) ?? null,
    warnings: tokenWarnings(facts, now),
    can: permitted(user, "enrollment-tokens:manage", TOKEN_ACTIONS, (action) =>
      tokenObstacle(action, facts, now),
    ),
  };
}

export async function listEnrollmentTokens(db: Database, now: number, user: User, query: TokenPage) {
  const { rows, ...page } = await pageOfTokens(db, now, query);
  const successors = await findSuccessors(
    db,
    rows.map(({ id }) => id),
  );
  return { items: rows.map((row) => present(row, now, user, successors)), ...page };
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

/** What is shown once, and of which token. */
export interface NewValue {
  id: string;
  value: string;
}

type NewToken = Required<SettingColumns> & Pick<EnrollmentTokenTable, "id" | "assetGroupId" | "rotatedFrom">;

/** Makes the value and the row, in a transaction. Throws input-invalid when the group is gone. */
export async function insertNewToken(
  tx: Database,
  now: number,
  user: User,
  token: NewToken,
): Promise<NewValue> {
  const { id } = token;
  const value = formatTokenValue(randomBytes(32));
  if (token.assetGroupId !== null && !(await holdAssetGroup(tx, token.assetGroupId)))
    throw badField("scope.assetGroupId", "is not an asset group that exists");
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
    lastUsedAt: null,
  });
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "enrollment-token.created",
    entity: { type: "enrollment-token", id },
    // Whoever creates a token is whom its value was shown to.
    details: { ...describeColumns(token), assetGroupId: token.assetGroupId, valueShownTo: user.name },
  });
  return { id, value };
}

/** A refusal that the ledger keeps, once the transaction in which it was found is over. */
export class RefusedAttempt extends Error {
  constructor(
    readonly tokenId: string,
    readonly reason: RefusalReason,
    readonly told: string,
  ) {
    super(told);
  }
}

export type HeldToken = Awaited<ReturnType<typeof withRules>>;

/** The token that a value names, locked until the transaction ends, its group too; undefined when there is none any more. */
export async function holdToken(tx: Database, valueHash: string): Promise<HeldToken | undefined> {
  const token = await lockToken(tx, { valueHash });
  return token && (await withRules(tx, token));
}

/** The token that a sensor came with, locked as by holdToken. A deleted one admits nobody. */
export async function lockRulesOfSensor(tx: Database, sensorId: string): Promise<HeldToken> {
  return await withRules(tx, await lockTokenOfSensor(tx, sensorId));
}

async function withRules(tx: Database, token: EnrollmentTokenTable) {
  const assetGroup = token.assetGroupId === null ? null : await holdAssetGroup(tx, token.assetGroupId);
  let uses = await countUses(tx, token.id);
  const networks = parseList(token.allowedNetworks);
  const patterns = parseList(token.allowedHostnames);
  const refuse = (reason: RefusalReason, told: string) => new RefusedAttempt(token.id, reason, told);

  /** Throws RefusedAttempt unless the token lets the host in. */
  const judge = (at: number, host: { address: string; hostname: string }): void => {
    if (token.deletedAt !== null)
      throw refuse("token-revoked", `token was deleted at ${toInstant(token.deletedAt)}`);
    const assetGroupDeletedAt = assetGroup === undefined ? 0 : null;
    const status = enrollmentTokenStatus({ ...token, uses, assetGroupDeletedAt }, at);
    switch (status) {
      case "revoked":
        throw refuse("token-revoked", `token was revoked at ${toInstant(token.revokedAt)}`);
      case "expired":
        throw refuse("token-expired", `token expired at ${toInstant(token.expiresAt)}`);
      case "group-deleted":
        throw refuse("token-group-deleted", "the token's asset group no longer exists");
      case "used-up":
        throw refuse("token-used-up", `token is used up: ${uses} of ${token.maxEnrollments}`);
      case "paused":
        throw refuse("token-paused", `token is paused since ${toInstant(token.pausedAt)}`);
      case "active":
    }
    if (networks.length > 0 && !isInNetworks(host.address, networks))
      throw refuse("network-not-allowed", `${host.address} is outside ${shortList(networks)}`);
    if (!admitsHostname(patterns, host.hostname))
      throw refuse("hostname-not-allowed", `${host.hostname} fits none of ${shortList(patterns)}`);
  };

  return {
    id: token.id,
    name: token.name,
    assetGroup: assetGroup ?? null,
    tags: parseList(token.tags),
    requireApproval: token.requireApproval === 1,
    ephemeralHours: token.ephemeralHours,
    clones: token.copies,
    refuse,
    reEnrollLost: token.reEnrollLost,
    judge,
    /** Judges the host, takes one use for it and answers its number. */
    admit(...host: Parameters<typeof judge>): number {
      judge(...host);
      return ++uses;
    },
  };
}

/** Whether a token with these patterns, in JSON, admits the hostname. */
export function allowsHostname(allowedHostnames: string, hostname: string): boolean {
  return admitsHostname(parseList(allowedHostnames), hostname);
}

/** Whether the token's present patterns admit the hostname; those of a deleted token too. */
export async function tokenAllowsHostname(db: Database, id: string, hostname: string): Promise<boolean> {
  return allowsHostname(await findAllowedHostnames(db, id), hostname);
}

const shortList = (items: string[]) =>
  items.length <= 3 ? items.join(", ") : `${items.slice(0, 3).join(", ")} and ${items.length - 3} more`;

export interface Attempt {
  tokenId: string;
  publicKey: string;
  at: number;
  address: string;
  hostname: string;
}

/** Counts uses, in the transaction that makes the sensors. */
export async function recordTokenUses(
  tx: Database,
  uses: (Attempt & { sensorId: string; useNumber: number })[],
): Promise<void> {
  const rows = uses.map((use) => ({
    ...attemptRow(use, null),
    sensorId: use.sensorId,
    useNumber: use.useNumber,
  }));
  await insertAttempts(tx, rows);
  for (const [tokenId, used] of Map.groupBy(uses, (use) => use.tokenId)) {
    const last = used.reduce((latest, use) => (use.useNumber > latest.useNumber ? use : latest));
    await updateToken(tx, tokenId, { lastUsedAt: last.at });
  }
}

/** Writes a refusal into the ledger; answers the problem for the sensor, with the reference that finds it. */
export async function recordRefusal(
  ledger: RefusalLedger,
  attempt: Omit<Attempt, "tokenId">,
  { tokenId, reason, told }: RefusedAttempt,
): Promise<Problem> {
  const row = attemptRow({ ...attempt, tokenId }, reason);
  await ledger.record({ ...row, detail: told });
  return new Problem(reason, `Cannot enroll sensor: ${told}`, { extras: { reference: row.reference } });
}

/** Writes a refusal in the caller's transaction; returns its reference. */
export async function insertRefusal(
  tx: Database,
  attempt: Omit<Attempt, "tokenId">,
  { tokenId, reason, told }: RefusedAttempt,
): Promise<string> {
  const row = { ...attemptRow({ ...attempt, tokenId }, reason), detail: told };
  await upsertRefusals(tx, [row]);
  await announce(tx, "enrollment-attempt");
  return row.reference;
}

function attemptRow({ tokenId, publicKey, at, address, hostname }: Attempt, reason: RefusalReason | null) {
  return {
    id: newId("enrollment"),
    enrollmentTokenId: tokenId,
    reference: reason === null ? formatReference(randomBytes(12)) : refusalReference(publicKey, reason),
    useNumber: null,
    reason,
    detail: null,
    firstAt: at,
    at,
    attempts: 1,
    address,
    hostname,
    hostnameKey: nameKey(hostname),
    publicKey,
    sensorId: null,
  };
}

/** Crockford's base 32: no letter that is taken for a digit. */
const REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The same for the same key and reason, so that a host that tries again is found under one reference. */
function refusalReference(publicKey: string, reason: RefusalReason): string {
  const hash = createHash("sha256").update(`${publicKey} ${reason}`).digest();
  return formatReference(hash.subarray(0, 12));
}

/** 60 bits: two attempts with one token never share a reference by chance. */
function formatReference(bytes: Uint8Array): string {
  return `E-${[...bytes].map((byte) => REFERENCE_ALPHABET[byte & 31]).join("")}`;
}

/** SHA-256 of a well-formed value, as it is stored. Throws token-unknown for a mistyped one, without a look-up. */
export function parseTokenValue(value: string): string {
  if (tokenValueError(value) !== undefined) throw tokenUnknown();
  return hashTokenValue(value);
}

export function hashTokenValue(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

export function tokenUnknown(): Problem {
  return new Problem("token-unknown", "Cannot enroll sensor: the enrollment token is not known");
}

/** Runs what writes a name. Throws name-taken. */
export async function refuseTakenName<T>(name: string | undefined, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Another enrollment token is named "${name}"`, {
      cause: error,
      fields: { name: "is already in use by another enrollment token" },
    });
  }
}

export function notFound(id: string): Problem {
  return new Problem("not-found", `There is no enrollment token ${id}`);
}
