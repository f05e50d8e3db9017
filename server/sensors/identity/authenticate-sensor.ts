// Authenticates a sensor's request before its body is read: the signature with the sensor's key, a new nonce,
// and the instance of the sensor process.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route, SensorStanding } from "@attacklens/protocol/route.ts";
import { INSTANCE_HEADER, SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import type { HttpRequest, SensorCaller } from "../../caller.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import { sensorCloned, settleInstance } from "../clones/clones.ts";
import { unmerge } from "../matches/merges.ts";
import { listReplacedKeys, promoteKey } from "../record/known-keys-store.ts";
import {
  keyReplaced,
  lockSender,
  sensorAwaitingApproval,
  sensorBlocked,
  sensorChanging,
  sensorUnknown,
} from "../record/lock-sender.ts";
import { findLastNonce, findPresence, type Presence } from "../record/presence-store.ts";
import type { RememberedSensor, RememberedSensors } from "../record/remembered-sensors.ts";
import type { SensorState } from "../record/sensors-store.ts";
import type { AgreementKeys } from "./agreement-keys.ts";
import type { OwnAuthorities } from "./own-authorities.ts";
import type { SensorBudget } from "./sensor-budget.ts";
import {
  type ClaimedSignature,
  type ContentDigest,
  isSignatureInvalid,
  parseSignature,
  requireFresh,
  verifyMac,
  verifySignature,
} from "./sensor-signature.ts";
import type { VerifyEd25519 } from "./verify-ed25519.ts";

/** The parts of the server that authentication uses. */
export interface SensorDoor {
  db: Database;
  presence: Presence;
  rememberedSensors: RememberedSensors;
  sensorBudget: SensorBudget;
  authorities: OwnAuthorities;
  agreementKeys: AgreementKeys;
  verifyEd25519: VerifyEd25519;
  checkInIntervalSeconds: number;
}

/** A signed request whose body is not read yet. */
interface SignedRequest {
  now: number;
  route: Route;
  http: HttpRequest;
  /** The size that counts for the body. */
  bytes: number;
  claimed: ClaimedSignature;
}

/** A sensor that changes more often while one request is processed is refused. */
const MAX_CHANGES = 5;

/**
 * Spends the request's nonce and records that the sensor was seen, before the request is processed. Refuses a
 * sensor whose standing the route does not accept. `bytes`: the size that counts for the body. Throws
 * signature-missing, signature-invalid, sensor-unknown, clock-skewed, signature-replayed, sensor-blocked,
 * sensor-cloned, key-replaced, sensor-awaiting-approval, state-conflict, too-many-requests.
 */
export async function authenticateSensor(
  door: SensorDoor,
  now: number,
  route: Route,
  http: HttpRequest,
  bytes: number,
): Promise<{ sensor: SensorCaller; digests: ContentDigest[] }> {
  const { db, checkInIntervalSeconds } = door;
  const accepts = (standing: SensorStanding) => route.accepts?.includes(standing) ?? false;
  const claimed = parseSignature(http.headers, SIGNED_COMPONENTS);
  const { sensor, caller } = await admit(door, { now, route, http, bytes, claimed });
  if (sensor.replacedAt !== null && caller.standing !== "clone" && sensor.blockedAt === null)
    await inTransaction(db, async (tx) => {
      await lockSender(tx, caller);
      await unmerge(tx, now, null, sensor.id);
    });
  if (caller.standing === "clone" && !accepts("clone")) throw sensorCloned();
  if (!accepts("unsettled")) {
    const at = { now, address: http.address, checkInIntervalSeconds };
    await settleInstance(db, at, caller, { isCheckIn: false });
  }
  if (sensor.awaitingApproval === 1 && !accepts("awaiting-approval")) throw sensorAwaitingApproval();
  return { sensor: caller, digests: claimed.digests };
}

/**
 * Admits the request by the remembered state of its sensor. If that state refuses the request, or is
 * outdated, decides by the present state.
 */
async function admit(door: SensorDoor, request: SignedRequest) {
  const { rememberedSensors } = door;
  const id = request.claimed.keyid;
  let state = rememberedSensors.recall(id);
  let isPresent = false;
  for (let changes = 0; changes <= MAX_CHANGES; changes++) {
    const sensor = state ?? (await rememberedSensors.read(id));
    if (!sensor) throw sensorUnknown();
    isPresent ||= state === undefined;
    let refusal: unknown;
    try {
      const caller = await spendNonce(door, request, sensor);
      if (caller) return { sensor, caller };
    } catch (error) {
      if (isPresent || !(error instanceof Problem)) throw error;
      refusal = error;
    }
    state = await rememberedSensors.read(id);
    isPresent = true;
    if (!state) throw sensorUnknown();
    if (state.revision === sensor.revision) throw refusal ?? (await signatureReplayed(door.db, id));
  }
  throw sensorChanging();
}

/**
 * Returns the caller, or undefined if the nonce is spent, or the sensor has changed since its state was read.
 */
async function spendNonce(
  door: SensorDoor,
  request: SignedRequest,
  sensor: RememberedSensor,
): Promise<SensorCaller | undefined> {
  const { db, presence, sensorBudget } = door;
  const { now, route, http, bytes, claimed } = request;
  const instanceId = parseInstanceId(http.headers);
  const used =
    claimed.serverKeyId === undefined
      ? await verifyKey(door, sensor, claimed, http, now)
      : verifyAgreedKey(door, request, sensor, instanceId, claimed.serverKeyId);
  if (used === "promoted") return undefined;
  const { accepts = [] } = route;
  if (sensor.blockedAt !== null && !accepts.includes("blocked")) throw sensorBlocked(sensor.blockedAt);
  // Checks the hourly limit here, without a write. It counts the request after the nonce is spent, so that a
  // replay does not use up the limit.
  sensorBudget.require(sensor.id, route.isUpload ? "upload" : "request", bytes);
  const isHolder = used === "present" && instanceId === sensor.instanceId;
  // Another host's requests must not count as the sensor's.
  const seen = isHolder
    ? { lastSeenAt: now, address: http.address }
    : ((await findPresence(db, sensor.id)) ?? { lastSeenAt: now, address: http.address });
  const { id, revision, standing, version, reportedAt, publicKey, keyChangedAt } = sensor;
  const { lastSeenAt, address } = seen;
  const lastNonce = claimed.nonce;
  const isAccepted = await presence.accept({
    sensorId: id,
    revision,
    standing,
    lastNonce,
    lastSeenAt,
    address,
  });
  if (!isAccepted) return undefined;
  const report = `${route.name} ${claimed.digests.map(({ base64 }) => base64).join()}`;
  return {
    id,
    version,
    reportedAt,
    instanceId,
    publicKey,
    keyChangedAt,
    accepts,
    revision,
    report,
    agreementKey: sensor.agreementKey,
    serverKeyId: claimed.serverKeyId,
    isRepeated: sensor.report === report,
    standing: isHolder ? "holder" : used === "earlier" ? "clone" : "open",
    hasNewcomers: sensor.hasNewcomers === 1,
  };
}

async function signatureReplayed(db: Database, sensorId: string): Promise<Problem> {
  const lastNonce = await findLastNonce(db, sensorId);
  return new Problem("signature-replayed", `The nonce must be above ${lastNonce}`, { extras: { lastNonce } });
}

function parseInstanceId(headers: Headers): string {
  const instanceId = headers.get(INSTANCE_HEADER) ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(instanceId))
    throw new Problem(
      "signature-invalid",
      `The signature is refused: ${INSTANCE_HEADER} must be a UUID in lower case`,
    );
  return instanceId;
}

/** Verifies a MAC with the key on which the server and the holder of the sensor's key have agreed. */
function verifyAgreedKey(
  { agreementKeys, authorities }: SensorDoor,
  { now, route, http, claimed }: SignedRequest,
  sensor: RememberedSensor,
  instanceId: string,
  serverKeyId: string,
): "present" {
  if (!route.acceptsMac) throw macRefused("this request must be signed with Ed25519");
  if (sensor.agreementKey === null || sensor.instanceId !== instanceId)
    throw macRefused("this instance has announced no key. Sign a check-in with Ed25519 that announces one");
  const parties = { sensorId: sensor.id, instanceId, sensorKey: sensor.agreementKey };
  const key = agreementKeys.macKey(sensor, parties, serverKeyId, now);
  if (!key) throw macRefused("the server has no such key. Sign a check-in with Ed25519 that announces a key");
  verifyMac(claimed, http, key, authorities);
  requireFresh(claimed, now);
  return "present";
}

function macRefused(reason: string): Problem {
  return new Problem("signature-invalid", `The MAC is refused: ${reason}`);
}

/**
 * Verifies the signature with the present key. A signature by the announced key makes it the present one,
 * which changes the sensor. An earlier key means that the sender is a clone.
 */
async function verifyKey(
  { db, authorities, verifyEd25519 }: SensorDoor,
  sensor: SensorState,
  claimed: ClaimedSignature,
  http: HttpRequest,
  now: number,
): Promise<"present" | "promoted" | "earlier"> {
  try {
    await verifySignature(claimed, http, sensor.publicKey, authorities, verifyEd25519);
  } catch (error) {
    if (!isSignatureInvalid(error)) throw error;
    return await verifyOtherKey(error);
  }
  requireFresh(claimed, now);
  return "present";

  async function verifyOtherKey(refusal: unknown): Promise<"promoted" | "earlier"> {
    const findEarlier = async <K extends { publicKey: string }>(keys: readonly K[]) => {
      for (const key of keys) if (await isFrom(key.publicKey)) return key;
      return undefined;
    };
    const isFrom = async (publicKey: string) => {
      try {
        await verifySignature(claimed, http, publicKey, authorities, verifyEd25519);
        return true;
      } catch (error) {
        if (isSignatureInvalid(error)) return false;
        throw error;
      }
    };
    if (sensor.nextPublicKey !== null && (await isFrom(sensor.nextPublicKey))) {
      requireFresh(claimed, now);
      const keys = { from: sensor.publicKey, to: sensor.nextPublicKey, at: now };
      await inTransaction(db, (tx) => promoteKey(tx, sensor.id, keys));
      return "promoted";
    }
    const earlier = await findEarlier(await listReplacedKeys(db, sensor.id));
    if (!earlier) throw refusal;
    requireFresh(claimed, now);
    if (earlier.state === "rotated") return "earlier";
    throw keyReplaced(earlier.replacedAt);
  }
}
