// The keys of sensors' MACs. Sensor and server derive them from their X25519 keys (RFC 7748), so that no
// server stores or sends one. The server's X25519 keys come from the installation's secret: all servers of a
// database have them, and the database does not. Each is in use for a period.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import type { ServerAgreement } from "@attacklens/protocol/agreement-key.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { type MacParties, macKeyInfo, serverAgreementBase } from "@attacklens/protocol/signature.ts";
import type { SensorCaller } from "../../caller.ts";
import type { Database } from "../../db/schema.ts";
import { inTransaction } from "../../db/transaction.ts";
import type { Settled } from "../clones/clones.ts";
import { lockSender } from "../record/lock-sender.ts";
import type { RememberedSensor } from "../record/remembered-sensors.ts";
import { updateSensor } from "../record/sensors-store.ts";

const DAY_MS = 86_400_000;
const PERIOD_MS = 90 * DAY_MS;
/** The key of the period before is accepted for this time, so that sensors change it one after another. */
const OVERLAP_MS = 7 * DAY_MS;
/** Clocks of servers may differ by this time. */
const MAX_AHEAD_MS = 3_600_000;
/** PKCS #8 of an X25519 key, up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

interface ServerKey {
  privateKey: KeyObject;
  agreement: ServerAgreement;
}

/** `signText` signs with the key that sensors know as `serverKey`. */
export function openAgreementKeys(secret: string, signText: (text: string) => string) {
  let opened = new Map<number, ServerKey>();

  function keyOf(period: number): ServerKey {
    const known = opened.get(period);
    if (known) return known;
    const seed = Buffer.from(hkdfSync("sha256", secret, "", `attacklens sensor agreement ${period}`, 32));
    const der = Buffer.concat([PKCS8_PREFIX, seed]);
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const publicKey = (createPublicKey(privateKey).export({ format: "jwk" }) as { x: string }).x;
    const id = createHash("sha256")
      .update(Buffer.from(publicKey, "base64url"))
      .digest("base64url")
      .slice(0, 16);
    const signature = signText(serverAgreementBase(id, publicKey));
    const made = { privateKey, agreement: { id, publicKey, signature } };
    opened = new Map([...opened].filter(([other]) => Math.abs(other - period) <= 1)).set(period, made);
    return made;
  }

  /** Returns the key if it is accepted at this time. */
  function find(id: string, now: number): ServerKey | undefined {
    for (const at of [now, now - OVERLAP_MS, now + MAX_AHEAD_MS]) {
      const key = keyOf(Math.floor(at / PERIOD_MS));
      if (key.agreement.id === id) return key;
    }
  }

  return {
    /** What sensors get. */
    current: (now: number): ServerAgreement => keyOf(Math.floor(now / PERIOD_MS)).agreement,
    /**
     * Returns the key of a sensor's MACs, or undefined if the server's key is not accepted any more. It is
     * remembered with the state of the sensor, so that it changes with it.
     */
    macKey(
      remembered: Pick<RememberedSensor, "macKey">,
      parties: Pick<MacParties, "sensorId" | "instanceId" | "sensorKey">,
      serverKeyId: string,
      now: number,
    ): Uint8Array | undefined {
      const server = find(serverKeyId, now);
      if (!server) return undefined;
      if (remembered.macKey?.serverKeyId !== serverKeyId) {
        const { id, publicKey } = server.agreement;
        const info = macKeyInfo({ ...parties, serverKeyId: id, serverKey: publicKey });
        remembered.macKey = { serverKeyId, key: deriveKey(server.privateKey, parties.sensorKey, info) };
      }
      return remembered.macKey.key;
    },
  };
}

export type AgreementKeys = ReturnType<typeof openAgreementKeys>;

/** Throws if the X25519 secret is zero, as with a point of small order (RFC 7748, section 6.1). */
function deriveKey(privateKey: KeyObject, sensorKey: string, info: string): Uint8Array {
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: sensorKey }, format: "jwk" });
  const secret = diffieHellman({ privateKey, publicKey });
  if (secret.every((byte) => byte === 0)) throw new Error("The X25519 secret is zero");
  return new Uint8Array(hkdfSync("sha256", secret, "", info, 32));
}

/** Throws signature-invalid for a MAC: its key must not be enough to get the next one. */
export function requireEd25519ToAnnounce({ serverKeyId }: SensorCaller, announced: string | undefined): void {
  if (serverKeyId !== undefined && announced !== undefined)
    throw new Problem("signature-invalid", "A key must be announced with a signature by Ed25519, not a MAC");
}

/**
 * Stores the X25519 key that the holder of the sensor's key announces. Returns the server's key if the next
 * requests may have MACs with it: after the announcement, and after a MAC with the server's key of the period
 * before. `after`: the sensor after its instance was settled. Throws the problems of `lockSender`.
 */
export function settleAgreement(
  db: Database,
  current: ServerAgreement,
  sensor: SensorCaller,
  { holdsKey, after }: Pick<Settled, "holdsKey" | "after">,
  announced: string | undefined,
): ServerAgreement | undefined | Promise<ServerAgreement | undefined> {
  const { serverKeyId, standing, publicKey } = sensor;
  if (announced === undefined)
    return serverKeyId === undefined || serverKeyId === current.id ? undefined : current;
  if (!holdsKey) return undefined;
  const isHolder = after
    ? after.instanceId === sensor.instanceId && after.publicKey === publicKey
    : standing === "holder";
  const isKnown = isHolder && (after ?? sensor).agreementKey === announced;
  if (isKnown) return current;
  return storeKey(db, sensor, announced).then((isStored) => (isStored ? current : undefined));
}

/** Returns false if another instance holds the sensor's key by now. */
async function storeKey(db: Database, sender: SensorCaller, agreementKey: string): Promise<boolean> {
  return await inTransaction(db, async (tx) => {
    const { instanceId } = await lockSender(tx, sender);
    if (instanceId !== sender.instanceId) return false;
    await updateSensor(tx, sender.id, { agreementKey });
    return true;
  });
}
