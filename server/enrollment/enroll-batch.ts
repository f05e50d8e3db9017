// Enrolls a batch of hosts with one token in one transaction: locks the token once, judges each host
// separately, counts one use for each, and writes all results with one statement per table. A refusal does
// not undo another host's enrollment.
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { readByIndex } from "../db/snapshot.ts";
import { inTransaction, withSecondTry } from "../db/transaction.ts";
import { recordTokenUses } from "../enrollment-tokens/attempts.ts";
import {
  type LockedToken,
  lockTokenByHash,
  RefusedAttempt,
  tokenUnknown,
} from "../enrollment-tokens/token-admission.ts";
import { newId } from "../ids.ts";
import { createSensors, type Enrolled, enrolledAs, type NewSensor } from "../sensors/create-sensors.ts";
import { detectMatches } from "../sensors/matches/matches.ts";
import { readKnownKeys } from "../sensors/record/known-keys.ts";

/** A well-formed request to enroll, signed with its new key. */
export interface EnrollRequest {
  valueHash: string;
  publicKey: string;
  sensorVersion: string;
  host: HostFacts;
  at: number;
  address: string;
  nonce: number;
}

/** The result of one request. An Error rejects only this request. */
export type Outcome = Enrolled | Error;

/**
 * All requests have the same `valueHash`. The same key with the same token gets the same sensor, even if the
 * token was changed or deleted since. If the database fails, throws and enrolls no host.
 */
export async function enrollBatch(
  db: Database,
  batch: EnrollRequest[],
  checkInIntervalSeconds: number,
): Promise<Outcome[]> {
  try {
    return await inTransaction(db, (tx) => enrollAll(tx, batch, checkInIntervalSeconds));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  // An enrollment with another token claimed one of the keys or assets at the same time. Run separately, each
  // request finds the rows of that enrollment.
  const outcomes: Outcome[] = [];
  for (const request of batch) {
    const enroll = (tx: Database) => enrollAll(tx, [request], checkInIntervalSeconds);
    outcomes.push(...(await withSecondTry(() => inTransaction(db, enroll))));
  }
  return outcomes;
}

async function enrollAll(
  tx: Database,
  batch: EnrollRequest[],
  checkInIntervalSeconds: number,
): Promise<Outcome[]> {
  const [first] = batch;
  if (!first) return [];
  await readByIndex(tx);
  const token = await lockTokenByHash(tx, first.valueHash);
  // Reads the keys after the lock, to find every earlier enrollment with this token.
  const keys = await readKnownKeys(tx, [...new Set(batch.map(({ publicKey }) => publicKey))]);
  const enrolled = new Map<string, Enrolled>();
  const admitted: NewSensor[] = [];
  const outcomes = batch.map(({ valueHash, publicKey, sensorVersion, at, address, nonce, host }) => {
    try {
      const earlier = keys.admit(publicKey, "enrollment", (known) => known.valueHash === valueHash);
      if (earlier) return enrolledAs(earlier);
      const twin = enrolled.get(publicKey);
      if (twin) return twin;
      if (!token) throw tokenUnknown();
      token.admit(at, { address, hostname: host.hostname });
      const sensorId = newId("sensor");
      const outcome = { sensorId, assetGroup: token.assetGroup, awaitingApproval: token.requireApproval };
      enrolled.set(publicKey, outcome);
      const by = { awaitsApproval: token.requireApproval, clonedFrom: null };
      admitted.push({ sensorId, publicKey, sensorVersion, host, at, address, nonce, ...by });
      return outcome;
    } catch (error) {
      if (error instanceof Problem || error instanceof RefusedAttempt) return error;
      throw error;
    }
  });
  if (token && admitted.length > 0) await create(tx, token, admitted, first.at, checkInIntervalSeconds);
  return outcomes;
}

async function create(
  tx: Database,
  token: LockedToken,
  admitted: NewSensor[],
  now: number,
  checkInIntervalSeconds: number,
): Promise<void> {
  const assetGroupId = token.assetGroup?.id ?? null;
  await createSensors(tx, token, assetGroupId, admitted);
  // A sensor that awaits approval is compared at its approval.
  if (!token.requireApproval)
    await detectMatches(
      tx,
      admitted.map(({ sensorId, host }) => ({ id: sensorId, host })),
      { now, assetGroupId, checkInIntervalSeconds },
    );
  await recordTokenUses(tx, token.id, admitted);
}
