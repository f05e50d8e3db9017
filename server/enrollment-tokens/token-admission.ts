// What a token decides of a host that shows its value: the lock, the judgment, and the use that is taken.
import { createHash } from "node:crypto";
import type { RefusalReason } from "@attacklens/protocol/enrollment-attempts.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { tokenValueError } from "@attacklens/protocol/token-value.ts";
import { lockAssetGroup } from "../asset-groups/asset-groups.ts";
import type { Database, EnrollmentTokenTable } from "../db/schema.ts";
import { toInstant } from "../ids.ts";
import { isInNetworks } from "../networks.ts";
import { countUses, findAllowedHostnames, lockToken, lockTokenOfSensor } from "./enrollment-tokens-store.ts";
import { admitsHostname } from "./token-limits.ts";
import { parseList, toSettings } from "./token-settings.ts";
import { enrollmentTokenStatus } from "./token-status.ts";

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

export type LockedToken = Awaited<ReturnType<typeof withRules>>;

/** The token that a value names, locked until the transaction ends, its group too; undefined when there is none any more. */
export async function lockTokenByHash(tx: Database, valueHash: string): Promise<LockedToken | undefined> {
  const token = await lockToken(tx, { valueHash });
  return token && (await withRules(tx, token));
}

/** The token that a sensor came with, locked as by lockTokenByHash. A deleted one admits nobody. */
export async function lockRulesOfSensor(tx: Database, sensorId: string): Promise<LockedToken> {
  return await withRules(tx, await lockTokenOfSensor(tx, sensorId));
}

async function withRules(tx: Database, token: EnrollmentTokenTable) {
  const assetGroup = token.assetGroupId === null ? null : await lockAssetGroup(tx, token.assetGroupId);
  let uses = await countUses(tx, token.id);
  const settings = toSettings(token);
  const { allowedNetworks: networks, allowedHostnames: patterns } = settings;
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
    ...settings,
    /** Columns of each sensor that enrolls with the token. */
    sensorColumns: { enrollmentTokenId: token.id, ephemeralHours: settings.ephemeralHours },
    refuse,
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
