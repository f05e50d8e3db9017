// The tables of enrollment tokens as types for Kysely.
import type { TokenSettingName, TokenSettings } from "@attacklens/protocol/token-settings.ts";

/** A separate row, so that locking a token reads no list of hostnames. */
export interface TokenRolloutTable {
  enrollmentTokenId: string;
  /** JSON of the expected machines. */
  expected: string;
}

/** A column for each row of `TOKEN_SETTINGS`. A list is a JSON array, a switch is 1 or 0. */
export type TokenSettingColumns = {
  [N in TokenSettingName]: TokenSettings[N] extends string[]
    ? string
    : TokenSettings[N] extends boolean
      ? number
      : TokenSettings[N];
};

export interface EnrollmentTokenTable extends TokenSettingColumns {
  id: string;
  name: string;
  nameKey: string;
  /** SHA-256 of the value, lower-case hex. */
  valueHash: string;
  hint: string;
  /** Null: all assets. */
  assetGroupId: string | null;
  expiresAt: number | null;
  createdAt: number;
  createdBy: string;
  revokedAt: number | null;
  revokedBy: string | null;
  deletedAt: number | null;
  description: string;
  pausedAt: number | null;
  pausedBy: string | null;
  /** The predecessor of this token. */
  rotatedFrom: string | null;
  /** Refused attempts with its value, by hosts that are still in its ledger. */
  refusedAttempts: number;
  /** Sensors that enrolled with it, deleted ones included. */
  uses: number;
  /** The time of its last use for a sensor. */
  lastUsedAt: number | null;
}

/**
 * The use ledger: an attempt to enroll with the token's value. Repeated refusals of a host for the same
 * reason are one row.
 */
export interface EnrollmentAttemptTable {
  id: string;
  enrollmentTokenId: string;
  reference: string;
  /** Problem code of the refusal; null: accepted. */
  reason: string | null;
  detail: string | null;
  firstAt: number;
  at: number;
  attempts: number;
  address: string;
  hostname: string;
  hostnameKey: string;
  publicKey: string;
  sensorId: string | null;
}
