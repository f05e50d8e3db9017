// New keys: a sensor announces its next one, a copy gets one of its own.
import { createPublicKey, verify } from "node:crypto";
import type { enrollCopy as copyRoute } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import { keyProofBase } from "@attacklens/protocol/signature.ts";
import { assetCreated, findOrCreateAssets } from "../assets/assets.ts";
import { type AuditEvent, recordAuditEvents } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { findCopyRule } from "../enrollment-tokens/enrollment-tokens.ts";
import { nameKey, newId } from "../ids.ts";
import type { HttpRequest, SensorCaller, Services } from "../route-handler.ts";
import { sensorCopied } from "./boots.ts";
import { listBoots, updateBoots, upsertBoot } from "./boots-store.ts";
import { aboutServer } from "./enroll.ts";
import { NEW_SENSOR, withSecondTry } from "./enroll-batch.ts";
import { isKeyTaken } from "./sensor-keys-store.ts";
import { notFound } from "./sensors.ts";
import {
  countCopies,
  findSensor,
  insertSensors,
  listSensorsByPublicKey,
  lockSensor,
  updateSensor,
} from "./sensors-store.ts";

/** Sensors that may come of copies of one. */
const MAX_COPIES = 1_000;

/** Takes the announcement of the sensor's next key; announcing another one replaces it. Throws signature-invalid, state-conflict. */
export async function announceKey(
  db: Database,
  sensorId: string,
  { publicKey, proof }: { publicKey: string; proof: string },
): Promise<void> {
  requireProof(sensorId, publicKey, proof);
  await inTransaction(db, async (tx) => {
    if (!(await lockSensor(tx, sensorId))) throw notFound(sensorId);
    if (await isKeyTaken(tx, publicKey, sensorId)) throw keyTaken();
    await updateSensor(tx, sensorId, { nextPublicKey: publicKey });
  }).catch((error: unknown) => {
    // Another sensor has announced it at this moment.
    throw isDuplicate(error) ? keyTaken() : error;
  });
}

/** Makes a sensor of its own of a host that holds another's key. The same new key gets the same sensor again. */
export async function enrollCopy(
  services: Services,
  http: HttpRequest,
  caller: SensorCaller,
  { publicKey, proof, host, sensorVersion }: RouteInput<typeof copyRoute>["body"],
): Promise<RouteOutput<typeof copyRoute>> {
  const { db, now } = services;
  requireProof(caller.id, publicKey, proof);
  const at = now();
  const { address } = http;
  const make = async (tx: Database) => {
    const original = await lockSensor(tx, caller.id);
    if (!original) throw notFound(caller.id);
    const [known] = await listSensorsByPublicKey(tx, [publicKey]);
    if (known?.copiedFrom === original.id && known.deletedAt === null) return known.id;
    if (known || (await isKeyTaken(tx, publicKey))) throw keyTaken();
    const boot = (await listBoots(tx, original.id)).find(({ bootId }) => bootId === caller.bootId);
    if (caller.standing !== "copy" && boot?.state !== "copy")
      throw new Problem("state-conflict", "Cannot enroll copy: no other host is known to hold this key");
    const token = await findCopyRule(tx, original.enrollmentTokenId);
    if (token.rule === "refuse" || (await countCopies(tx, original.id)) >= MAX_COPIES) {
      throw new Problem(
        "sensor-copied",
        "Another host holds this sensor's key, and its enrollment token's rule refuses copies: enroll this host with a token",
      );
    }
    const sensorId = newId("sensor");
    const assetGroupId = (await findSensor(tx, original.id))?.assetGroupId ?? null;
    const [asset] = await findOrCreateAssets(tx, [{ at, host }], { assetGroupId, tags: token.tags });
    const { hostname, platform, osName, osVersion, architecture } = host;
    const sensor = {
      ...NEW_SENSOR,
      ...{ id: sensorId, publicKey, hostname, platform, osName, osVersion, architecture },
      enrollmentTokenId: token.id,
      assetId: asset!.id,
      hostnameKey: nameKey(hostname),
      version: sensorVersion,
      enrolledAt: at,
      keyChangedAt: at,
      awaitingApproval: token.rule === "approval" ? 1 : 0,
      ephemeralHours: token.ephemeralHours,
      enrolledHost: JSON.stringify(host),
      copiedFrom: original.id,
    };
    await insertSensors(tx, [{ sensor, address, nonce: 0 }]);
    if (boot) await updateBoots(tx, original.id, [boot.bootId], { copySensorId: sensorId });
    else if (caller.bootId !== undefined) {
      // It came with a key that the sensor had before: this is the first that is heard of its host.
      await upsertBoot(tx, {
        sensorId: original.id,
        bootId: caller.bootId,
        state: "copy",
        host: JSON.stringify(host),
        address,
        firstSeenAt: at,
        returnedAt: null,
        returns: 0,
        copySensorId: sensorId,
      });
    }
    const actor = { type: "enrollment-token", id: token.id, name: token.name } as const;
    const enrolled: AuditEvent = {
      at,
      actor,
      action: "sensor.enrolled",
      entity: { type: "sensor", id: sensorId },
      details: { hostname, address, assetId: asset!.id, copyOf: original.id, rule: token.rule },
    };
    const { id: assetId, created } = asset!;
    await recordAuditEvents(
      tx,
      created ? [assetCreated({ at, actor }, assetId, hostname), enrolled] : [enrolled],
    );
    return sensorId;
  };
  const made = await withSecondTry(() => inTransaction(db, make));
  const row = await findSensor(db, made);
  if (!row) throw sensorCopied();
  return { ...enrolledReply(row), ...aboutServer(services) };
}

export function enrolledReply(row: NonNullable<Awaited<ReturnType<typeof findSensor>>>) {
  const { assetGroupId, assetGroupName } = row;
  return {
    sensorId: row.id,
    assetGroup: assetGroupId === null ? null : { id: assetGroupId, name: assetGroupName ?? "" },
    awaitingApproval: row.awaitingApproval === 1,
  };
}

/** Throws signature-invalid unless who announces the key has it. */
function requireProof(sensorId: string, publicKey: string, proof: string): void {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  const base = Buffer.from(keyProofBase(sensorId, publicKey));
  if (!verify(null, base, key, Buffer.from(proof, "base64url")))
    throw new Problem("signature-invalid", "The proof is refused: it was not made with the new key");
}

export function keyTaken(): Problem {
  return new Problem("state-conflict", "The key is or was a sensor's already: make another");
}
