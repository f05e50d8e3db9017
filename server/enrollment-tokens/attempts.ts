// The ledger of enrollment attempts: writes and lists them.
import { createHash, randomBytes } from "node:crypto";
import type {
  EnrollmentAttempt,
  EnrollmentDays,
  RefusalReason,
} from "@attacklens/protocol/enrollment-attempts.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { announce } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";
import { attemptIdOf, nameKey, newId, toInstant } from "../ids.ts";
import { lastDays } from "../time-zone.ts";
import {
  type AttemptPage,
  type AttemptRow,
  countAttemptsOfDays,
  countRefusalsSince,
  insertAttempts,
  pageOfAttempts,
  upsertRefusals,
} from "./attempts-store.ts";
import { updateLastUse } from "./enrollment-tokens-store.ts";
import type { RefusalLedger } from "./refusal-ledger.ts";
import type { RefusedAttempt } from "./token-admission.ts";

type AttemptQuery = Omit<AttemptPage, "from" | "until"> & {
  from?: string | undefined;
  until?: string | undefined;
};

export async function listEnrollmentAttempts(db: Database, { from, until, ...query }: AttemptQuery) {
  const { rows, ...page } = await pageOfAttempts(db, {
    ...query,
    from: from === undefined ? undefined : Date.parse(from),
    until: until === undefined ? undefined : Date.parse(until),
  });
  return { items: rows.map(presentAttempt), ...page };
}

export async function countRefusals(db: Database, from: number): Promise<number> {
  return await countRefusalsSince(db, from);
}

/** Counts the attempts of the last days in a time zone. */
export async function countEnrollmentDays(
  db: Database,
  now: number,
  { timeZone, days }: { timeZone: string; days: number },
): Promise<EnrollmentDays> {
  const spans = lastDays(timeZone, now, days);
  const counts = await countAttemptsOfDays(db, spans);
  return {
    days: spans.map(({ from, until }, day) => ({
      from: toInstant(from),
      until: toInstant(until),
      accepted: counts[day]?.accepted ?? 0,
      refused: counts[day]?.refused ?? 0,
    })),
  };
}

export function presentAttempt(row: AttemptRow): EnrollmentAttempt {
  return {
    id: row.id,
    reference: row.reference,
    enrollmentToken: {
      id: row.enrollmentTokenId,
      name: row.enrollmentTokenName,
      deleted: row.enrollmentTokenDeletedAt !== null,
    },
    outcome: row.reason === null ? "accepted" : "refused",
    reason: row.reason as RefusalReason | null,
    detail: row.detail,
    at: toInstant(row.at),
    firstAt: toInstant(row.firstAt),
    attempts: row.attempts,
    address: row.address,
    hostname: row.hostname,
    sensor:
      row.sensorId === null
        ? null
        : { id: row.sensorId, hostname: row.sensorHostname ?? "", deleted: row.sensorDeletedAt !== null },
  };
}

export interface Attempt {
  tokenId: string;
  publicKey: string;
  at: number;
  address: string;
  hostname: string;
}

/** Records uses, in the transaction that creates the sensors. */
export async function recordTokenUses(
  tx: Database,
  uses: (Attempt & { sensorId: string; useNumber: number })[],
): Promise<void> {
  const rows = uses.map((use) => ({
    ...attemptRow(use, null),
    id: attemptIdOf(use.sensorId),
    sensorId: use.sensorId,
    useNumber: use.useNumber,
  }));
  await insertAttempts(tx, rows);
  for (const [tokenId, used] of Map.groupBy(uses, (use) => use.tokenId)) {
    const last = used.reduce((latest, use) => (use.useNumber > latest.useNumber ? use : latest));
    await updateLastUse(tx, tokenId, last.at);
  }
}

/**
 * Writes a refusal to the ledger. Returns the problem for the sensor, with the reference of the ledger's
 * entry.
 */
export async function recordRefusal(
  ledger: RefusalLedger,
  attempt: Omit<Attempt, "tokenId">,
  { tokenId, reason, detail }: RefusedAttempt,
): Promise<Problem> {
  const row = attemptRow({ ...attempt, tokenId }, reason);
  await ledger.record({ ...row, detail });
  return new Problem(reason, `Cannot enroll sensor: ${detail}`, { extras: { reference: row.reference } });
}

/** Writes a refusal in the caller's transaction. Returns its reference. */
export async function insertRefusal(
  tx: Database,
  attempt: Omit<Attempt, "tokenId">,
  { tokenId, reason, detail }: RefusedAttempt,
): Promise<string> {
  const row = { ...attemptRow({ ...attempt, tokenId }, reason), detail };
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

/** Crockford's base 32, without letters that look like digits. */
const REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Returns one reference per key and reason, so that all attempts of a host that retries share it. */
function refusalReference(publicKey: string, reason: RefusalReason): string {
  const hash = createHash("sha256").update(`${publicKey} ${reason}`).digest();
  return formatReference(hash.subarray(0, 12));
}

/** 60 bits, so that two attempts with one token don't share a reference by chance. */
function formatReference(bytes: Uint8Array): string {
  return `E-${[...bytes].map((byte) => REFERENCE_ALPHABET[byte & 31]).join("")}`;
}
