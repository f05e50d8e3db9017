// A host that runs with another sensor's key becomes a sensor of its own. It passes the same rules as an enrollment, under the lock of the
// token that the original came with; where the token refuses it, it awaits approval at least.
import type { enrollClone as cloneRoute } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import { assetCreated, createAssets } from "../assets/assets.ts";
import { type AuditEvent, recordAuditEvents } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { insertRefusal, recordRefusal, recordTokenUses } from "../enrollment-tokens/attempts.ts";
import { type LockedToken, lockRulesOfSensor, RefusedAttempt } from "../enrollment-tokens/token-admission.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import type { HttpRequest, SensorCaller, Services } from "../route-handler.ts";
import { rememberClone, sensorCloned } from "../sensors/clones/clones.ts";
import { listInstances, updateInstances } from "../sensors/clones/clones-store.ts";
import { requireProof } from "../sensors/identity/key-rotation.ts";
import { admitKey } from "../sensors/identity/known-keys.ts";
import { listKnownKeys } from "../sensors/identity/known-keys-store.ts";
import { type LockedSensor, lockLiveSensor } from "../sensors/record/live-sensor.ts";
import { countClones, findSensor, insertSensors } from "../sensors/record/sensors-store.ts";
import { aboutServer } from "./enroll.ts";
import { NEW_SENSOR, withSecondTry } from "./enroll-batch.ts";

/** Clones of one enrolled sensor, and theirs, that its token admits; each further one awaits approval. */
export const ADMITTED_CLONES = 20;
/** Clones of one enrolled sensor that await approval at the same time. */
const WAITING_CLONES = 1_000;

type CloneRequest = RouteInput<typeof cloneRoute>["body"];

/** The same new key gets the same sensor again. */
export async function enrollClone(
  services: Services,
  http: HttpRequest,
  caller: SensorCaller,
  request: CloneRequest,
): Promise<RouteOutput<typeof cloneRoute>> {
  const { db, now, refusals } = services;
  const { publicKey, proof, host } = request;
  requireProof(caller.id, publicKey, proof);
  const at = now();
  const attempt = { publicKey, at, address: http.address, hostname: host.hostname };
  const enroll = (tx: Database) =>
    enrollInTransaction(tx, caller, request, attempt, services.checkInIntervalSeconds);
  const sensorId = await withSecondTry(() => inTransaction(db, enroll)).catch(async (error: unknown) => {
    throw error instanceof RefusedAttempt ? await recordRefusal(refusals, attempt, error) : error;
  });
  const row = await findSensor(db, sensorId);
  if (!row) throw sensorCloned();
  return { ...enrolledReply(row), ...aboutServer(services) };
}

interface Attempt {
  publicKey: string;
  at: number;
  address: string;
  hostname: string;
}

async function enrollInTransaction(
  tx: Database,
  caller: SensorCaller,
  { publicKey, host, sensorVersion }: CloneRequest,
  attempt: Attempt,
  checkInIntervalSeconds: number,
): Promise<string> {
  const { at, address, hostname } = attempt;
  // The token first, as every enrollment and every change of a token does.
  const token = await lockRulesOfSensor(tx, caller.id);
  const original = await lockLiveSensor(tx, caller.id);
  requireUnblocked(original);
  const [known] = await listKnownKeys(tx, [publicKey]);
  const earlier = admitKey(known, "clone", ({ clonedFrom }) => clonedFrom === original.id);
  if (earlier) return earlier.sensorId;
  const instance = (await listInstances(tx, original.id)).find(
    ({ instanceId }) => instanceId === caller.instanceId,
  );
  if (caller.standing !== "clone" && instance?.state !== "clone")
    throw new Problem("state-conflict", "Cannot enroll clone: no other host is known to hold this key");
  const { useNumber, refusal, awaitsApproval } = await admitClone(tx, token, original, attempt);
  const sensorId = newId("sensor");
  const assetGroupId = (await findSensor(tx, original.id))?.assetGroupId ?? null;
  const [asset] = await createAssets(tx, [{ at, host, isWithdrawn: awaitsApproval }], {
    assetGroupId,
    tags: token.tags,
  });
  const { platform, osName, osVersion, architecture } = host;
  const sensor = {
    ...NEW_SENSOR,
    ...{ id: sensorId, publicKey, hostname, platform, osName, osVersion, architecture },
    ...token.sensorColumns,
    assetId: asset!.id,
    hostnameKey: nameKey(hostname),
    admittedHostname: hostname,
    version: sensorVersion,
    enrolledAt: at,
    keyChangedAt: at,
    awaitingApproval: awaitsApproval ? 1 : 0,
    enrolledHost: JSON.stringify(host),
    clonedFrom: original.id,
  };
  await insertSensors(tx, [{ sensor, address, nonce: 0 }]);
  if (instance) await updateInstances(tx, original.id, [instance.instanceId], { cloneSensorId: sensorId });
  else {
    // It came with a key that the sensor had before: this is the first that is heard of its host.
    const clone = {
      sensorId: original.id,
      instanceId: caller.instanceId,
      state: "clone" as const,
      host: JSON.stringify(host),
      address,
      firstSeenAt: at,
      returnedAt: null,
      returns: 0,
      cloneSensorId: sensorId,
    };
    await rememberClone(tx, clone, { now: at, checkInIntervalSeconds });
  }
  const actor = { type: "enrollment-token", id: token.id, name: token.name } as const;
  const details: AuditEvent["details"] = {
    ...{ hostname, address, assetId: asset!.id, cloneOf: original.id, rule: token.clonedHosts },
  };
  if (useNumber !== undefined)
    await recordTokenUses(tx, [{ ...attempt, tokenId: token.id, sensorId, useNumber }]);
  if (refusal)
    Object.assign(details, { refused: refusal.detail, reference: await insertRefusal(tx, attempt, refusal) });
  await recordAuditEvents(tx, [
    assetCreated({ at, actor }, asset!.id, hostname),
    { at, actor, action: "sensor.enrolled", entity: { type: "sensor", id: sensorId }, details },
  ]);
  return sensorId;
}

/** Throws sensor-blocked. */
function requireUnblocked({ blockedAt }: LockedSensor): void {
  if (blockedAt === null) return;
  throw new Problem(
    "sensor-blocked",
    `Cannot enroll clone: its original was blocked here at ${toInstant(blockedAt)}`,
  );
}

/**
 * A clone that the token refuses takes no use, and awaits approval: approving it is an operator's decision about this one host.
 * Throws RefusedAttempt where not even that is possible.
 */
async function admitClone(tx: Database, token: LockedToken, original: LockedSensor, attempt: Attempt) {
  const { clones, waiting } = await countClones(tx, original.id);
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
  let useNumber: number | undefined;
  let refusal: RefusedAttempt | undefined;
  try {
    if (clones >= ADMITTED_CLONES)
      throw token.refuse("sensor-cloned", `this sensor has ${clones} clones already`);
    useNumber = token.admit(attempt.at, attempt);
  } catch (error) {
    if (!(error instanceof RefusedAttempt)) throw error;
    refusal = error;
  }
  const awaitsApproval =
    refusal !== undefined ||
    token.clonedHosts === "approval" ||
    token.requireApproval ||
    original.awaitingApproval === 1;
  return { useNumber, refusal, awaitsApproval };
}

export function enrolledReply(row: NonNullable<Awaited<ReturnType<typeof findSensor>>>) {
  const { assetGroupId, assetGroupName } = row;
  return {
    sensorId: row.id,
    assetGroup: assetGroupId === null ? null : { id: assetGroupId, name: assetGroupName ?? "" },
    awaitingApproval: row.awaitingApproval === 1,
  };
}
