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
import {
  lockSender,
  sensorAwaitingApproval,
  sensorBlocked,
  sensorChanging,
  sensorUnknown,
} from "../record/lock-sender.ts";
import { findLastNonce, type Presence, type SeenSensor } from "../record/presence-store.ts";
import type { RememberedSensor, RememberedSensors } from "../record/remembered-sensors.ts";
import type { AgreementKeys } from "./agreement-keys.ts";
import type { OwnAuthorities } from "./own-authorities.ts";
import type { SensorBudget } from "./sensor-budget.ts";
import {
  type ClaimedSignature,
  type ContentDigest,
  parseSignature,
  requireFresh,
  verifyMac,
} from "./sensor-signature.ts";
import type { VerifyEd25519 } from "./verify-ed25519.ts";
import { verifyKey } from "./verify-key.ts";

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
  const claimed = parseSignature(http.headers, SIGNED_COMPONENTS);
  const { sensor, caller } = await admit(door, { now, route, http, bytes, claimed });
  if (sensor.replacedAt !== null && caller.standing !== "clone" && sensor.blockedAt === null)
    await inTransaction(db, async (tx) => {
      await lockSender(tx, caller);
      await unmerge(tx, now, null, sensor.id);
    });
  if (caller.standing === "clone" && !accepts(route, "clone")) throw sensorCloned();
  if (!accepts(route, "unsettled")) {
    const at = { now, address: http.address, checkInIntervalSeconds };
    await settleInstance(db, at, caller, { isCheckIn: false });
  }
  if (sensor.awaitingApproval === 1 && !accepts(route, "awaiting-approval")) throw sensorAwaitingApproval();
  return { sensor: caller, digests: claimed.digests };
}

function accepts({ accepts: accepted }: Route, standing: SensorStanding): boolean {
  return accepted?.includes(standing) ?? false;
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
      const checked = await check(door, request, sensor);
      // The nonce is spent, unless it was before, or the sensor has changed since its state was read.
      if (checked && (await door.presence.accept(checked.seen))) return { sensor, caller: checked.caller };
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

/** A request whose signature is valid, and that the state of its sensor allows. */
interface Checked {
  caller: SensorCaller;
  /** What is stored when the nonce is spent. */
  seen: SeenSensor;
}

/** Needs no promise for a MAC, which most requests have. Returns undefined if the sensor has changed. */
function check(
  door: SensorDoor,
  request: SignedRequest,
  sensor: RememberedSensor,
): Checked | Promise<Checked | undefined> {
  const { now, http, claimed } = request;
  const instanceId = parseInstanceId(http.headers);
  if (claimed.serverKeyId === undefined) return checkSigned(door, request, sensor, instanceId);
  verifyAgreedKey(door, request, sensor, instanceId, claimed.serverKeyId);
  requireAllowed(door, request, sensor);
  return checked(request, sensor, instanceId, "holder", now, http.address);
}

async function checkSigned(
  door: SensorDoor,
  request: SignedRequest,
  sensor: RememberedSensor,
  instanceId: string,
): Promise<Checked | undefined> {
  const { now, http, claimed } = request;
  const used = await verifyKey(door, sensor, claimed, http, now);
  if (used === "promoted") return undefined;
  requireAllowed(door, request, sensor);
  if (used === "present" && instanceId === sensor.instanceId)
    return checked(request, sensor, instanceId, "holder", now, http.address);
  // Another host's requests must not count as the sensor's.
  const { lastSeenAt = now, address = http.address } = (await door.presence.find(sensor.id)) ?? {};
  return checked(request, sensor, instanceId, used === "earlier" ? "clone" : "open", lastSeenAt, address);
}

/**
 * Checks the hourly limit here, without a write. It counts the request after the nonce is spent, so that a
 * replay does not use up the limit.
 */
function requireAllowed(
  { sensorBudget }: SensorDoor,
  { route, bytes }: SignedRequest,
  { id, blockedAt }: RememberedSensor,
): void {
  if (blockedAt !== null && !accepts(route, "blocked")) throw sensorBlocked(blockedAt);
  sensorBudget.require(id, route.isUpload ? "upload" : "request", bytes);
}

function checked(
  { route, claimed }: SignedRequest,
  sensor: RememberedSensor,
  instanceId: string,
  standing: SensorCaller["standing"],
  lastSeenAt: number,
  address: string,
): Checked {
  const { id, revision } = sensor;
  const report = `${route.name} ${claimed.digests.map(({ base64 }) => base64).join()}`;
  return {
    seen: {
      sensorId: id,
      revision,
      standing: sensor.standing,
      lastNonce: claimed.nonce,
      lastSeenAt,
      address,
    },
    caller: {
      id,
      version: sensor.version,
      reportedAt: sensor.reportedAt,
      instanceId,
      publicKey: sensor.publicKey,
      keyChangedAt: sensor.keyChangedAt,
      accepts: route.accepts ?? [],
      revision,
      report,
      agreementKey: sensor.agreementKey,
      serverKeyId: claimed.serverKeyId,
      isRepeated: sensor.report === report,
      standing,
      hasNewcomers: sensor.hasNewcomers === 1,
    },
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
): void {
  if (!route.acceptsMac) throw macRefused("this request must be signed with Ed25519");
  if (sensor.agreementKey === null || sensor.instanceId !== instanceId)
    throw macRefused("this instance has announced no key. Sign a check-in with Ed25519 that announces one");
  const parties = { sensorId: sensor.id, instanceId, sensorKey: sensor.agreementKey };
  const key = agreementKeys.macKey(sensor, parties, serverKeyId, now);
  if (!key) throw macRefused("the server has no such key. Sign a check-in with Ed25519 that announces a key");
  verifyMac(claimed, http, key, authorities);
  requireFresh(claimed, now);
}

function macRefused(reason: string): Problem {
  return new Problem("signature-invalid", `The MAC is refused: ${reason}`);
}
