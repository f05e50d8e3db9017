// Decides whether a public key may become a sensor's key, for enrollment, re-enrollment, clones and announced
// keys.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Database } from "../../db/schema.ts";
import { toInstant } from "../../ids.ts";
import { type KnownKey, listKnownKeys } from "./known-keys-store.ts";

/** Reads the known keys among these once. `admit` then judges each of them. */
export async function readKnownKeys(tx: Database, publicKeys: string[]) {
  const known = new Map((await listKnownKeys(tx, publicKeys)).map((key) => [key.publicKey, key]));
  return {
    /**
     * Returns undefined for a key that no sensor has, had, or announced. Returns a known key only for a retry
     * of the request that made it known, because the reply can be lost. `isSame` returns whether that request
     * had the same credential. Otherwise throws key-taken, and sensor-blocked for a retry of a blocked
     * sensor.
     */
    admit: (publicKey: string, origin: KnownKey["origin"], isSame: (known: KnownKey) => boolean) =>
      admitKey(known.get(publicKey), origin, isSame),
  };
}

function admitKey(
  known: KnownKey | undefined,
  origin: KnownKey["origin"],
  isSame: (known: KnownKey) => boolean,
): KnownKey | undefined {
  if (!known) return undefined;
  const reason = unusable(known);
  if (reason !== undefined) throw keyTaken(reason);
  if (known.origin !== origin || !isSame(known)) throw keyTaken("it belongs to a sensor already");
  if (known.blockedAt !== null) {
    throw new Problem(
      "sensor-blocked",
      `Cannot enroll sensor: it was blocked here at ${toInstant(known.blockedAt)}`,
    );
  }
  return known;
}

/** Returns why the key can't be used any more, or undefined for a present or announced key. */
function unusable({ state, replacedAt, ...sensor }: KnownKey): string | undefined {
  if (state === "rotated" || state === "re-enrolled")
    return `its sensor replaced it at ${toInstant(replacedAt ?? 0)}`;
  if (sensor.deletedAt !== null) return `its sensor was deleted at ${toInstant(sensor.deletedAt)}`;
  if (sensor.removedAt !== null)
    return `its sensor was removed as ephemeral at ${toInstant(sensor.removedAt)}`;
  if (sensor.uninstalledAt !== null) return `its sensor was unenrolled at ${toInstant(sensor.uninstalledAt)}`;
  return undefined;
}

function keyTaken(reason: string): Problem {
  return new Problem("key-taken", `The public key is refused: ${reason}. Generate a new key pair`);
}
