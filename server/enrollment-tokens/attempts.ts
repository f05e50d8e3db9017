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
import type { EnrollmentAttemptTable } from "../db/schema-tokens.ts";
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
import { addUses } from "./enrollment-tokens-store.ts";
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

/** A use of a token by a host that became a sensor. */
export interface TokenUse {
  sensorId: string;
  publicKey: string;
  host: { hostname: string };
  at: number;
  address: string;
}

/** Records uses of a locked token in their order, in the transaction that creates the sensors. */
export async function recordTokenUses(
  tx: Database,
  tokenId: string,
  uses: readonly TokenUse[],
): Promise<void> {
  const random = randomBytes(REFERENCE_LENGTH * uses.length);
  const rows = uses.map(
    ({ sensorId, publicKey, host: { hostname }, at, address }, index): EnrollmentAttemptTable => ({
      id: attemptIdOf(sensorId),
      enrollmentTokenId: tokenId,
      reference: formatReference(random, index * REFERENCE_LENGTH),
      reason: null,
      detail: null,
      firstAt: at,
      at,
      attempts: 1,
      address,
      hostname,
      hostnameKey: nameKey(hostname),
      publicKey,
      sensorId,
    }),
  );
  await insertAttempts(tx, rows);
  const last = uses.at(-1);
  if (last) await addUses(tx, { id: tokenId, added: uses.length, at: last.at });
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
  const row = refusalRow({ ...attempt, tokenId }, reason);
  await ledger.record({ ...row, detail });
  return new Problem(reason, `Cannot enroll sensor: ${detail}`, { extras: { reference: row.reference } });
}

/** Writes a refusal in the caller's transaction. Returns its reference. */
export async function insertRefusal(
  tx: Database,
  attempt: Omit<Attempt, "tokenId">,
  { tokenId, reason, detail }: RefusedAttempt,
): Promise<string> {
  const row = { ...refusalRow({ ...attempt, tokenId }, reason), detail };
  await upsertRefusals(tx, [row]);
  await announce(tx, "enrollment-attempt");
  return row.reference;
}

function refusalRow({ tokenId, publicKey, at, address, hostname }: Attempt, reason: RefusalReason) {
  return {
    id: newId("enrollment"),
    enrollmentTokenId: tokenId,
    reference: refusalReference(publicKey, reason),
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
  return formatReference(createHash("sha256").update(`${publicKey} ${reason}`).digest(), 0);
}

/** 60 bits, so that two attempts with one token don't share a reference by chance. */
const REFERENCE_LENGTH = 12;

/** Uses the low bits of the bytes from `start` on. */
function formatReference(bytes: Uint8Array, start: number): string {
  let text = "E-";
  for (let index = 0; index < REFERENCE_LENGTH; index++)
    text += REFERENCE_ALPHABET[bytes[start + index]! & 31];
  return text;
}
