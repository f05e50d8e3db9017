// A sensor trades an enrollment token for an identity of its own.
import type { enroll as enrollRoute } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput, RouteOutput } from "@attacklens/protocol/route.ts";
import { ENROLL_SIGNED_COMPONENTS } from "@attacklens/protocol/signature.ts";
import { findOrCreateAsset, recordAssetCreated } from "../assets/assets.ts";
import { recordAuditEvent } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import {
  holdUsableToken,
  parseTokenValue,
  RefusedAttempt,
  recordRefusal,
  recordTokenUse,
} from "../enrollment-tokens/enrollment-tokens.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import type { HttpRequest, Services } from "../route-handler.ts";
import { parseSignature, verifySignature } from "./sensor-signature.ts";
import { findSensorByPublicKey, insertSensor } from "./sensors-store.ts";

type Body = RouteInput<typeof enrollRoute>["body"];
interface Enrolled {
  sensorId: string;
  assetGroup: { id: string; name: string } | null;
  awaitingApproval: boolean;
}

/**
 * One transaction: the token is valid, one use is counted, sensor and asset are made, audit events written. The same key
 * with the same token gets the same sensor again, whatever has become of the token since.
 */
export async function enrollSensor(
  { db, now, knownValues, enrollQueue, refusals, checkInIntervalSeconds }: Services,
  http: HttpRequest,
  body: Body,
): Promise<RouteOutput<typeof enrollRoute>> {
  const valueHash = parseTokenValue(bearerToken(http.headers));
  const claimed = parseSignature(http.headers, ENROLL_SIGNED_COMPONENTS);
  if (claimed.keyid !== body.publicKey) {
    throw new Problem("signature-invalid", "The signature is refused: keyid must be the body's publicKey");
  }
  await knownValues.require(valueHash);
  const at = now();
  verifySignature(claimed, http, body.publicKey, at);
  const attempt = { publicKey: body.publicKey, at, address: http.address, hostname: body.host.hostname };
  const find = () => findEnrolled(db, body.publicKey, valueHash);
  const create = () =>
    inTransaction(db, (tx) => createSensor(tx, at, valueHash, body, http.address, claimed.nonce));
  const enrolled = await enrollQueue
    .run(() => withSecondTry(async () => (await find()) ?? (await create().catch(unlessFound(find)))))
    .catch(async (error: unknown) => {
      throw error instanceof RefusedAttempt ? await recordRefusal(refusals, attempt, error) : error;
    });
  return { ...enrolled, checkInIntervalSeconds, serverTime: toInstant(now()) };
}

async function findEnrolled(
  db: Database,
  publicKey: string,
  valueHash: string,
): Promise<Enrolled | undefined> {
  const sensor = await findSensorByPublicKey(db, publicKey);
  if (!sensor) return undefined;
  if (sensor.valueHash !== valueHash) {
    throw new Problem("state-conflict", "Cannot enroll sensor: its key was enrolled with another token");
  }
  if (sensor.deletedAt !== null) {
    throw new Problem(
      "sensor-unknown",
      `Cannot enroll sensor: it was deleted here at ${toInstant(sensor.deletedAt)}; a new key is needed`,
    );
  }
  if (sensor.uninstalledAt !== null) {
    throw new Problem(
      "sensor-unknown",
      `Cannot enroll sensor: it was uninstalled at ${toInstant(sensor.uninstalledAt)}; a new key is needed`,
    );
  }
  if (sensor.blockedAt !== null) {
    throw new Problem(
      "sensor-blocked",
      `Cannot enroll sensor: it was blocked here at ${toInstant(sensor.blockedAt)}`,
    );
  }
  return {
    awaitingApproval: sensor.awaitingApproval === 1,
    sensorId: sensor.id,
    assetGroup:
      sensor.assetGroupId === null ? null : { id: sensor.assetGroupId, name: sensor.assetGroupName ?? "" },
  };
}

async function createSensor(
  tx: Database,
  at: number,
  valueHash: string,
  { publicKey, sensorVersion, host }: Body,
  address: string,
  nonce: number,
): Promise<Enrolled> {
  const token = await holdUsableToken(tx, at, valueHash, { address, hostname: host.hostname });
  const { tags } = token;
  const asset = await findOrCreateAsset(tx, at, host, { assetGroupId: token.assetGroup?.id ?? null, tags });
  const id = newId("sensor");
  await insertSensor(
    tx,
    {
      id,
      publicKey,
      enrollmentTokenId: token.id,
      assetId: asset.id,
      hostname: host.hostname,
      hostnameKey: nameKey(host.hostname),
      platform: host.platform,
      osName: host.osName,
      osVersion: host.osVersion,
      architecture: host.architecture,
      version: sensorVersion,
      enrolledAt: at,
      reportedAt: null,
      deletedAt: null,
      awaitingApproval: token.requireApproval ? 1 : 0,
      approvedAt: null,
      approvedBy: null,
      blockedAt: null,
      blockedBy: null,
      ephemeralHours: token.ephemeralHours,
      uninstalledAt: null,
    },
    address,
    nonce,
  );
  const { useNumber } = token;
  const attempt = { tokenId: token.id, publicKey, at, address, hostname: host.hostname };
  await recordTokenUse(tx, { ...attempt, sensorId: id, useNumber });
  const actor = { type: "enrollment-token", id: token.id, name: token.name } as const;
  if (asset.created) await recordAssetCreated(tx, { at, actor }, asset.id, host.hostname);
  await recordAuditEvent(tx, {
    at,
    actor,
    action: "sensor.enrolled",
    entity: { type: "sensor", id },
    details: { hostname: host.hostname, address, assetId: asset.id },
  });
  return { sensorId: id, assetGroup: token.assetGroup, awaitingApproval: token.requireApproval };
}

/** Between looking for the key and locking the token, another request with both may have taken the last use, or the token ended. */
function unlessFound(find: () => Promise<Enrolled | undefined>) {
  return async (error: unknown): Promise<Enrolled> => {
    const found = error instanceof RefusedAttempt || error instanceof Problem ? await find() : undefined;
    if (!found) throw error;
    return found;
  };
}

/** Two requests with one key, or two hosts that reach for one asset, cross: the second finds what the first has made. */
async function withSecondTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return await work();
  }
}

/** RFC 6750, section 2.1. */
export function bearerToken(headers: Headers): string {
  const match = /^Bearer ([^\s]{1,200})$/i.exec(headers.get("authorization") ?? "");
  if (!match?.[1]) {
    throw new Problem(
      "token-unknown",
      "Cannot enroll sensor: the request needs an Authorization header with the token",
    );
  }
  return match[1];
}
