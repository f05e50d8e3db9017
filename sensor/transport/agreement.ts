// The key of the MACs of this instance. The sensor announces an X25519 key, and derives the key from the
// server's. It then forgets its private key: another announcement has another one. Nothing is on the disk, so
// no copy of the disk has it.
import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  verify,
} from "node:crypto";
import type { ServerAgreement } from "@attacklens/protocol/agreement-key.ts";
import { macKeyInfo, serverAgreementBase } from "@attacklens/protocol/signature.ts";
import type { Connection } from "./request.ts";

/** After a second refusal within this time, the sensor signs with Ed25519 for as long. */
const PAUSE_MS = 3_600_000;

export interface Announcing {
  /** The server may have this key, but its reply did not arrive. */
  announced?: { publicKey: string; privateKey: KeyObject };
  /** When a MAC was refused. */
  refusedAt?: number;
  pausedUntil?: number;
}

/** Returns the X25519 key that the next check-in must announce; undefined: none. */
export function keyToAnnounce(connection: Connection): string | undefined {
  const { mac, announcing, now } = connection;
  if (mac || now() < (announcing.pausedUntil ?? 0)) return undefined;
  announcing.announced ??= makeAgreementPair();
  return announcing.announced.publicKey;
}

/**
 * Derives the key after the reply to an announcement. When the server's key changes, the reply to a MAC has
 * the next one: the next check-in announces again. Ignores a key that the sensor's server has not signed.
 */
export function settleAgreement(connection: Connection, agreement: ServerAgreement | undefined): void {
  const { serverKey, announcing, keyid, instanceId, mac } = connection;
  if (!agreement || serverKey === undefined || !isSigned(agreement, serverKey)) return;
  if (mac) {
    if (mac.serverKeyId !== agreement.id) connection.mac = undefined;
    return;
  }
  const { announced } = announcing;
  if (!announced) return;
  const { id, publicKey } = agreement;
  const parties = { sensorId: keyid, instanceId, sensorKey: announced.publicKey };
  const info = macKeyInfo({ ...parties, serverKeyId: id, serverKey: publicKey });
  const secret = diffieHellman({
    privateKey: announced.privateKey,
    publicKey: publicKeyOf("X25519", publicKey),
  });
  connection.mac = {
    serverKeyId: id,
    key: Buffer.from(hkdfSync("sha256", secret, "", info, 32)).toString("base64url"),
  };
  announcing.announced = undefined;
}

/** After a refusal of a MAC, and before another key signs. */
export function endAgreement(connection: Connection, isRefused: boolean): void {
  const { announcing, now } = connection;
  connection.mac = undefined;
  announcing.announced = undefined;
  if (!isRefused) return;
  const isSecond = announcing.refusedAt !== undefined && now() - announcing.refusedAt < PAUSE_MS;
  announcing.refusedAt = now();
  if (isSecond) pauseAnnouncements(connection);
}

/** For a server that does not know announcements, and one that refuses what it has agreed on. */
export function pauseAnnouncements({ announcing, now }: Connection): void {
  announcing.announced = undefined;
  announcing.pausedUntil = now() + PAUSE_MS;
}

function makeAgreementPair() {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  return { publicKey: (publicKey.export({ format: "jwk" }) as { x: string }).x, privateKey };
}

function isSigned({ id, publicKey, signature }: ServerAgreement, serverKey: string): boolean {
  const base = Buffer.from(serverAgreementBase(id, publicKey));
  return verify(null, base, publicKeyOf("Ed25519", serverKey), Buffer.from(signature, "base64url"));
}

function publicKeyOf(crv: "X25519" | "Ed25519", x: string): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv, x }, format: "jwk" });
}
