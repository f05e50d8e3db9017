// New keys of an enrolled sensor: key rotation, and the key of a clone. Each key is on the disk before the
// server receives it, so that a retry completes an interrupted change.
import { sign } from "node:crypto";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enrollClone, type HostFacts, replaceKey } from "@attacklens/protocol/enroll.ts";
import { keyProofBase } from "@attacklens/protocol/signature.ts";
import {
  changeIdentity,
  type EnrolledIdentity,
  isSameIdentity,
  type KeyPair,
  makeKeyPair,
} from "../state/identity.ts";
import { privateKeyOf } from "../state/private-key.ts";
import { endAgreement } from "../transport/agreement.ts";
import { type Connection, connect, send, VERSIONS } from "../transport/request.ts";
import { Refused } from "../transport/server-reply.ts";

/** The current identity, and the connection that signs with its key. */
export interface Session {
  identity: EnrolledIdentity;
  connection: Connection;
}

/** The connection of a new instance. `proxy` is for an identity without one. */
export function connectAs(identity: EnrolledIdentity, proxy: string | undefined): Connection {
  const { server, sensorId, serverKey, ca } = identity;
  const known = { serverKey, ca, proxy: identity.proxy ?? proxy };
  return connect(server, privateKeyOf(identity), sensorId, known);
}

/**
 * Rotates the sensor's key. Both keys are valid until the server has received a request with the new one. The
 * instance must have checked in before. Throws Unreachable, Refused.
 */
export async function changeKey(
  stateDir: string,
  session: Session,
  host: HostFacts,
  signal: AbortSignal,
): Promise<void> {
  const nextKey = session.identity.nextKey ?? makeKeyPair();
  if (!session.identity.nextKey) save(stateDir, session, { ...session.identity, nextKey });
  const body = { publicKey: nextKey.publicKey, proof: proofOf(nextKey, session.identity.sensorId) };
  try {
    await send(session.connection, replaceKey, { body, signal });
  } catch (error) {
    if (isKeyTaken(error)) {
      const { nextKey: _, ...identity } = session.identity;
      save(stateDir, session, identity);
    }
    throw error;
  }
  await tryNextKey(stateDir, session, host, signal);
}

/** Checks in with the next key, if there is one. Returns false if the server does not accept it. */
export async function tryNextKey(
  stateDir: string,
  session: Session,
  host: HostFacts,
  signal: AbortSignal,
): Promise<boolean> {
  const { nextKey } = session.identity;
  if (!nextKey) return false;
  const { connection } = session;
  const present = connection.key;
  connection.key = privateKeyOf(nextKey);
  endAgreement(connection, false);
  try {
    await send(connection, checkIn, { body: { ...VERSIONS, host }, signal });
  } catch (error) {
    connection.key = present;
    // The server does not have the next key, so the current one is still valid.
    if (isKeyTaken(error) || (error instanceof Refused && error.problem.code === "signature-invalid"))
      return false;
    throw error;
  }
  const { nextKey: _, ...identity } = session.identity;
  save(stateDir, session, { ...identity, ...nextKey });
  return true;
}

/**
 * Enrolls this host as a clone, after the server has refused it with sensor-cloned. Throws Unreachable,
 * Refused.
 */
export async function becomeClone(
  stateDir: string,
  session: Session,
  host: HostFacts,
  signal: AbortSignal,
): Promise<{ awaitingApproval: boolean }> {
  const cloneKey = session.identity.cloneKey ?? makeKeyPair();
  if (!session.identity.cloneKey) save(stateDir, session, { ...session.identity, cloneKey });
  const proof = proofOf(cloneKey, session.identity.sensorId);
  const body = { ...VERSIONS, publicKey: cloneKey.publicKey, proof, host };
  const reply = await send(session.connection, enrollClone, { body, signal }).catch((error: unknown) => {
    if (isKeyTaken(error)) {
      const { cloneKey: _, ...identity } = session.identity;
      save(stateDir, session, identity);
    }
    throw error;
  });
  const { cloneKey: _copy, nextKey: _next, ...identity } = session.identity;
  const { sensorId, serverKey = identity.serverKey, awaitingApproval } = reply;
  save(stateDir, session, {
    ...identity,
    ...cloneKey,
    sensorId,
    enrolledAt: reply.serverTime,
    ...(serverKey === undefined ? {} : { serverKey }),
  });
  return { awaitingApproval };
}

/** Another command has changed or removed the identity on the disk. */
export class IdentityChanged extends Error {}

/**
 * Writes the identity and makes the connection sign with its key. Throws SensorError and IdentityChanged, and
 * then changes nothing: the file on the disk may be the only copy of a key that another command has enrolled.
 */
export function save(stateDir: string, session: Session, identity: EnrolledIdentity): void {
  changeIdentity(stateDir, (onDisk) => {
    if (onDisk?.state === "enrolled" && isSameIdentity(onDisk, session.identity)) return identity;
    throw new IdentityChanged("another command has changed the identity of this host");
  });
  if (identity.publicKey !== session.identity.publicKey) endAgreement(session.connection, false);
  session.identity = identity;
  session.connection.key = privateKeyOf(identity);
  session.connection.keyid = identity.sensorId;
  session.connection.serverKey = identity.serverKey;
  session.connection.ca = identity.ca;
}

/** Whether the new key already belongs to another sensor, so that the next attempt needs another key. */
function isKeyTaken(error: unknown): boolean {
  return error instanceof Refused && error.problem.code === "key-taken" && error.isAuthentic !== false;
}

function proofOf(pair: KeyPair, sensorId: string): string {
  return sign(null, Buffer.from(keyProofBase(sensorId, pair.publicKey)), privateKeyOf(pair)).toString(
    "base64url",
  );
}
