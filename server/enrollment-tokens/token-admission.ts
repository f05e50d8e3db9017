// Decides whether a token admits a host that presents its value: locks the token, checks its rules, and
// counts the use.
import { hash } from "node:crypto";
import type { RefusalReason } from "@attacklens/protocol/enrollment-attempts.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { tokenValueError } from "@attacklens/protocol/token-value.ts";
import { lockAssetGroup } from "../asset-groups/asset-groups.ts";
import type { Database } from "../db/schema.ts";
import type { EnrollmentTokenTable } from "../db/schema-tokens.ts";
import { admitsHostname } from "../hostname-patterns.ts";
import { toInstant } from "../ids.ts";
import { isInNetworks } from "../networks.ts";
import { lockToken, lockTokenOfSensor } from "./enrollment-tokens-store.ts";
import { toSettings } from "./token-settings.ts";
import { enrollmentTokenStatus } from "./token-status.ts";

/** Returns the stored SHA-256 of the value. Throws token-unknown for a malformed value, without a query. */
export function parseTokenValue(value: string): string {
  if (tokenValueError(value) !== undefined) throw tokenUnknown();
  return hashTokenValue(value);
}

export function hashTokenValue(value: string): string {
  return hash("sha256", value);
}

export function tokenUnknown(): Problem {
  return new Problem("token-unknown", "Cannot enroll sensor: the enrollment token is unknown");
}

/** A refusal, which the ledger records after the transaction ends. */
export class RefusedAttempt extends Error {
  constructor(
    readonly tokenId: string,
    readonly reason: RefusalReason,
    readonly detail: string,
  ) {
    super(detail);
  }
}

export type LockedToken = Awaited<ReturnType<typeof withRules>>;

/**
 * Locks the token with this value, and its group, until the transaction ends. Returns undefined if there is
 * none.
 */
export async function lockTokenByHash(tx: Database, valueHash: string): Promise<LockedToken | undefined> {
  const token = await lockToken(tx, { valueHash });
  return token && (await withRules(tx, token));
}

/** Locks the token that a sensor enrolled with, like `lockTokenByHash`. A deleted token admits no host. */
export async function lockRulesOfSensor(tx: Database, sensorId: string): Promise<LockedToken> {
  return await withRules(tx, await lockTokenOfSensor(tx, sensorId));
}

async function withRules(tx: Database, token: EnrollmentTokenTable) {
  const assetGroup = token.assetGroupId === null ? null : await lockAssetGroup(tx, token.assetGroupId);
  let { uses } = token;
  const settings = toSettings(token);
  const { allowedNetworks: networks, allowedHostnames: patterns } = settings;
  const refuse = (reason: RefusalReason, detail: string) => new RefusedAttempt(token.id, reason, detail);

  /** Throws RefusedAttempt unless the token admits the host. */
  const judge = (at: number, host: { address: string; hostname: string }): void => {
    if (token.deletedAt !== null)
      throw refuse("token-revoked", `the token was deleted at ${toInstant(token.deletedAt)}`);
    const assetGroupDeletedAt = assetGroup === undefined ? 0 : null;
    const status = enrollmentTokenStatus({ ...token, uses, assetGroupDeletedAt }, at);
    switch (status) {
      case "revoked":
        throw refuse("token-revoked", `the token was revoked at ${toInstant(token.revokedAt)}`);
      case "expired":
        throw refuse("token-expired", `the token expired at ${toInstant(token.expiresAt)}`);
      case "group-deleted":
        throw refuse("token-group-deleted", "the token's asset group no longer exists");
      case "used-up":
        throw refuse("token-used-up", `the token is used up: ${uses} of ${token.maxEnrollments} enrollments`);
      case "paused":
        throw refuse("token-paused", `the token was paused at ${toInstant(token.pausedAt)}`);
      case "active":
    }
    if (networks.length > 0 && !isInNetworks(host.address, networks))
      throw refuse("network-not-allowed", `${host.address} is outside ${shortList(networks)}`);
    if (!admitsHostname(patterns, host.hostname))
      throw refuse("hostname-not-allowed", `${host.hostname} does not match ${shortList(patterns)}`);
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
    /** Judges the host. The caller records the use in the same transaction, and a later host counts it. */
    admit(...host: Parameters<typeof judge>): void {
      judge(...host);
      uses++;
    },
  };
}

const shortList = (items: string[]) =>
  items.length <= 3 ? items.join(", ") : `${items.slice(0, 3).join(", ")} and ${items.length - 3} more`;
