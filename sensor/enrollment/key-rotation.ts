// Keys of this host's own: the next one of a sensor, and one for a host that runs with another's. Each is on the disk before the
// server hears of it, so that a cut at any point is made good by trying again.
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
  privateKeyOf,
} from "../state/identity.ts";
import { type Connection, connect, send, VERSIONS } from "../transport/request.ts";
import { Refused } from "../transport/server-reply.ts";

/** Who this sensor is now, and the connection that signs with its key. */
export interface Session {
  identity: EnrolledIdentity;
  connection: Connection;
}

/** A start of the sensor. `proxy` is used where the identity names none. */
export function connectAs(identity: EnrolledIdentity, proxy: string | undefined): Connection {
  const { server, sensorId, serverKey, ca } = identity;
  const known = { serverKey, ca, proxy: identity.proxy ?? proxy };
  return connect(server, privateKeyOf(identity), sensorId, known);
}

/**
 * Replaces the sensor's key by another: both are valid until the server has seen the new one. Possible behind a check-in of this start
 * only. Throws Unreachable, Refused.
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

/** Shows the server the next key, where there is one: false when it does not take it, or does not know it yet. */
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
  try {
    await send(connection, checkIn, { body: { ...VERSIONS, host }, signal });
  } catch (error) {
    connection.key = present;
    // The server has not taken the next key for this sensor's: the present one is still good.
    if (isKeyTaken(error) || (error instanceof Refused && error.problem.code === "signature-invalid"))
      return false;
    throw error;
  }
  const { nextKey: _, ...identity } = session.identity;
  save(stateDir, session, { ...identity, ...nextKey });
  return true;
}

/** For a host that was told that another one holds its key: becomes a sensor of its own. Throws Unreachable, Refused. */
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

/** Another command has changed or removed the identity on disk since this session took it over. */
export class IdentityChanged extends Error {}

/**
 * Writes the identity; the connection signs with its key from then on. Throws SensorError and IdentityChanged, and nothing has changed:
 * the key of a sensor that another command has made of this host is nowhere else.
 */
export function save(stateDir: string, session: Session, identity: EnrolledIdentity): void {
  changeIdentity(stateDir, (onDisk) => {
    if (onDisk?.state === "enrolled" && isSameIdentity(onDisk, session.identity)) return identity;
    throw new IdentityChanged("another command has changed the identity of this host");
  });
  session.identity = identity;
  session.connection.key = privateKeyOf(identity);
  session.connection.keyid = identity.sensorId;
  session.connection.serverKey = identity.serverKey;
  session.connection.ca = identity.ca;
}

/** The server knows the new key as another sensor's: asking for it again is useless, the next try needs another one. */
function isKeyTaken(error: unknown): boolean {
  return error instanceof Refused && error.problem.code === "key-taken" && error.isAuthentic !== false;
}

function proofOf(pair: KeyPair, sensorId: string): string {
  return sign(null, Buffer.from(keyProofBase(sensorId, pair.publicKey)), privateKeyOf(pair)).toString(
    "base64url",
  );
}
