// Makes a host with another sensor's key a separate sensor. The rules of an enrollment apply, under the lock
// of the original's token. If the token refuses the host, its sensor needs approval.
import type { enrollClone as cloneRoute } from "@attacklens/protocol/enroll.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import type { AuditEvent } from "../audit/audit.ts";
import type { SensorCaller } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction, withSecondTry } from "../db/transaction.ts";
import { insertRefusal, recordRefusal, recordTokenUses } from "../enrollment-tokens/attempts.ts";
import type { RefusalLedger } from "../enrollment-tokens/refusal-ledger.ts";
import { type LockedToken, lockRulesOfSensor, RefusedAttempt } from "../enrollment-tokens/token-admission.ts";
import { newId } from "../ids.ts";
import { recordCloneSensor, requireClone } from "../sensors/clones/clone-sensors.ts";
import { sensorCloned } from "../sensors/clones/clones.ts";
import { createSensors, type Enrolled, findEnrolled } from "../sensors/create-sensors.ts";
import { requireProof } from "../sensors/identity/key-rotation.ts";
import { readKnownKeys } from "../sensors/record/known-keys.ts";
import { lockSender } from "../sensors/record/lock-sender.ts";
import type { LockedSensor } from "../sensors/record/locked-sensor.ts";

/**
 * The number of clones of one enrolled sensor, including their clones, that its token admits. Others need
 * approval.
 */
export const ADMITTED_CLONES = 20;
/** The number of clones of one enrolled sensor that may await approval at the same time. */
const WAITING_CLONES = 1_000;

type CloneRequest = RouteInput<typeof cloneRoute>["body"];

interface Attempt {
  publicKey: string;
  at: number;
  address: string;
  hostname: string;
}

/** A repeated request with the same new key returns the same sensor. */
export async function enrollClone(
  db: Database,
  { refusals, checkInIntervalSeconds }: { refusals: RefusalLedger; checkInIntervalSeconds: number },
  { at, address }: { at: number; address: string },
  caller: SensorCaller,
  request: CloneRequest,
): Promise<Enrolled> {
  const { publicKey, proof, host } = request;
  requireProof(caller.id, publicKey, proof);
  const attempt = { publicKey, at, address, hostname: host.hostname };
  const enroll = (tx: Database) => enrollInTransaction(tx, caller, request, attempt, checkInIntervalSeconds);
  const sensorId = await withSecondTry(() => inTransaction(db, enroll)).catch(async (error: unknown) => {
    throw error instanceof RefusedAttempt ? await recordRefusal(refusals, attempt, error) : error;
  });
  const enrolled = await findEnrolled(db, sensorId);
  if (!enrolled) throw sensorCloned();
  return enrolled;
}

async function enrollInTransaction(
  tx: Database,
  caller: SensorCaller,
  { publicKey, host, sensorVersion }: CloneRequest,
  attempt: Attempt,
  checkInIntervalSeconds: number,
): Promise<string> {
  const { at, address } = attempt;
  // Locks the token first, like every enrollment and every change of a token, to avoid deadlocks.
  const token = await lockRulesOfSensor(tx, caller.id);
  const original = await lockSender(tx, caller);
  const keys = await readKnownKeys(tx, [publicKey]);
  const earlier = keys.admit(publicKey, "clone", ({ clonedFrom }) => clonedFrom === original.id);
  if (earlier) return earlier.sensorId;
  const family = await requireClone(tx, caller);
  const { refusal, awaitsApproval } = admitClone(token, original, family, attempt);
  const details: AuditEvent["details"] = { cloneOf: original.id, rule: token.clonedHosts };
  if (refusal)
    Object.assign(details, { refused: refusal.detail, reference: await insertRefusal(tx, attempt, refusal) });
  const sensorId = newId("sensor");
  const assetGroupId = (await findEnrolled(tx, original.id))?.assetGroup?.id ?? null;
  const sensor = { sensorId, publicKey, sensorVersion, host, at, address, nonce: 0, awaitsApproval, details };
  await createSensors(tx, token, assetGroupId, [{ ...sensor, clonedFrom: original.id }]);
  await recordCloneSensor(tx, caller, sensor, checkInIntervalSeconds);
  if (!refusal) await recordTokenUses(tx, token.id, [{ sensorId, publicKey, host, at, address }]);
  return sensorId;
}

/**
 * A clone that the token refuses awaits approval and counts as no use. An operator decides about this one
 * host. Throws RefusedAttempt if the clone cannot await approval either.
 */
function admitClone(
  token: LockedToken,
  original: LockedSensor,
  { clones, waiting }: { clones: number; waiting: number },
  attempt: Attempt,
) {
  if (token.clonedHosts === "reject") {
    throw token.refuse(
      "sensor-cloned",
      "another host holds this sensor's key, and its enrollment token rejects clones. Enroll this host with a token",
    );
  }
  if (waiting >= WAITING_CLONES) {
    throw token.refuse(
      "sensor-cloned",
      `${waiting} clones of this sensor await approval already. Approve or delete some of them, or enroll this host with a token`,
    );
  }
  let refusal: RefusedAttempt | undefined;
  try {
    if (clones >= ADMITTED_CLONES)
      throw token.refuse("sensor-cloned", `this sensor has ${clones} clones already`);
    token.admit(attempt.at, attempt);
  } catch (error) {
    if (!(error instanceof RefusedAttempt)) throw error;
    refusal = error;
  }
  const awaitsApproval =
    refusal !== undefined ||
    token.clonedHosts === "approval" ||
    token.requireApproval ||
    original.awaitingApproval === 1;
  return { refusal, awaitsApproval };
}
