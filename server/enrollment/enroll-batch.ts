// Enrollments with one token in one transaction: the token is locked once, each host is judged by itself and takes one use, and
// one statement a table writes what comes of all. A refusal undoes nobody else's enrollment.
import { Problem } from "@attacklens/protocol/problems.ts";
import { assetCreated, createAssets } from "../assets/assets.ts";
import { type AuditEvent, recordAuditEvents } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { readByIndex } from "../db/snapshot.ts";
import { inTransaction } from "../db/transaction.ts";
import { recordTokenUses } from "../enrollment-tokens/attempts.ts";
import {
  type LockedToken,
  lockTokenByHash,
  RefusedAttempt,
  tokenUnknown,
} from "../enrollment-tokens/token-admission.ts";
import { nameKey, newId } from "../ids.ts";
import type { Enrolled, EnrollRequest } from "../route-handler.ts";
import { admitKey } from "../sensors/identity/known-keys.ts";
import { type KnownKey, listKnownKeys } from "../sensors/identity/known-keys-store.ts";
import { detectMatches } from "../sensors/matches/matches.ts";
import { insertSensors } from "../sensors/record/sensors-store.ts";

/** What becomes of one request: an error is for its caller alone. */
export type Outcome = Enrolled | Error;

/**
 * All requests have the same `valueHash`. The same key with the same token gets the same sensor, whatever has become of the
 * token since. Throws when the database cannot be used; then nobody is enrolled.
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
  // A key or an asset was reached for with another token at this moment: by itself, each finds what that one has made.
  const outcomes: Outcome[] = [];
  for (const request of batch) {
    const [outcome] = await withSecondTry(() =>
      inTransaction(db, (tx) => enrollAll(tx, [request], checkInIntervalSeconds)),
    );
    outcomes.push(outcome!);
  }
  return outcomes;
}

async function enrollAll(
  tx: Database,
  batch: EnrollRequest[],
  checkInIntervalSeconds: number,
): Promise<Outcome[]> {
  await readByIndex(tx);
  const token = await lockTokenByHash(tx, batch[0]!.valueHash);
  // Behind the lock: whoever enrolled with this token until now is found.
  const keys = new Set(batch.map(({ publicKey }) => publicKey));
  const known = new Map((await listKnownKeys(tx, [...keys])).map((key) => [key.publicKey, key]));
  const enrolled = new Map<string, Enrolled>();
  const made: NewSensor[] = [];
  const outcomes = batch.map((request) => {
    try {
      const earlier = admitKey(
        known.get(request.publicKey),
        "enrollment",
        ({ valueHash }) => valueHash === request.valueHash,
      );
      if (earlier) return enrolledAs(earlier);
      const twin = enrolled.get(request.publicKey);
      if (twin) return twin;
      if (!token) throw tokenUnknown();
      const { at, address, host } = request;
      const useNumber = token.admit(at, { address, hostname: host.hostname });
      const outcome = {
        sensorId: newId("sensor"),
        assetGroup: token.assetGroup,
        awaitingApproval: token.requireApproval,
      };
      enrolled.set(request.publicKey, outcome);
      made.push({ ...request, sensorId: outcome.sensorId, useNumber });
      return outcome;
    } catch (error) {
      if (error instanceof Problem || error instanceof RefusedAttempt) return error;
      throw error;
    }
  });
  if (token && made.length > 0) await createSensors(tx, token, made, checkInIntervalSeconds);
  return outcomes;
}

/** The sensor that a lost reply told of. */
function enrolledAs({ sensorId, awaitingApproval, assetGroupId, assetGroupName }: KnownKey): Enrolled {
  return {
    sensorId,
    awaitingApproval: awaitingApproval === 1,
    assetGroup: assetGroupId === null ? null : { id: assetGroupId, name: assetGroupName ?? "" },
  };
}

/** A sensor as it begins. */
export const NEW_SENSOR = {
  reportedAt: null,
  deletedAt: null,
  approvedAt: null,
  approvedBy: null,
  blockedAt: null,
  blockedBy: null,
  uninstalledAt: null,
  removedAt: null,
  instanceId: null,
  hasNewcomers: 0,
  clonedFrom: null,
  nextPublicKey: null,
  replacedBy: null,
  replacedAt: null,
  replacementDecidedBy: null,
};

type NewSensor = EnrollRequest & { sensorId: string; useNumber: number };

async function createSensors(
  tx: Database,
  token: LockedToken,
  made: NewSensor[],
  checkInIntervalSeconds: number,
): Promise<void> {
  const { tags } = token;
  const isWithdrawn = token.requireApproval;
  const assets = await createAssets(
    tx,
    made.map(({ at, host }) => ({ at, host, isWithdrawn })),
    { assetGroupId: token.assetGroup?.id ?? null, tags },
  );
  const rows = made.map(({ sensorId, publicKey, sensorVersion, host, at, address, nonce }, index) => ({
    sensor: {
      id: sensorId,
      publicKey,
      ...token.sensorColumns,
      assetId: assets[index]!.id,
      hostname: host.hostname,
      hostnameKey: nameKey(host.hostname),
      admittedHostname: host.hostname,
      platform: host.platform,
      osName: host.osName,
      osVersion: host.osVersion,
      architecture: host.architecture,
      version: sensorVersion,
      enrolledAt: at,
      awaitingApproval: token.requireApproval ? 1 : 0,
      ...NEW_SENSOR,
      keyChangedAt: at,
      enrolledHost: JSON.stringify(host),
    },
    address,
    nonce,
  }));
  await insertSensors(tx, rows);
  const assetGroupId = token.assetGroup?.id ?? null;
  // A sensor that awaits approval is compared when it is approved.
  if (!isWithdrawn)
    await detectMatches(
      tx,
      made.map(({ sensorId, host }) => ({ id: sensorId, host })),
      { now: made[0]!.at, assetGroupId, checkInIntervalSeconds },
    );
  await recordTokenUses(
    tx,
    made.map((one) => ({ ...one, tokenId: token.id, hostname: one.host.hostname })),
  );
  const actor = { type: "enrollment-token", id: token.id, name: token.name } as const;
  const events = made.flatMap(({ sensorId, at, address, host: { hostname } }, index): AuditEvent[] => {
    const assetId = assets[index]!.id;
    const enrolled: AuditEvent = {
      at,
      actor,
      action: "sensor.enrolled",
      entity: { type: "sensor", id: sensorId },
      details: { hostname, address, assetId },
    };
    return [assetCreated({ at, actor }, assetId, hostname), enrolled];
  });
  await recordAuditEvents(tx, events);
}

/** For what reaches for an asset or a key at the same moment as another request: the second time it finds what that one has made. */
export async function withSecondTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return await work();
  }
}
