// What may still become of a public key: the one decision for enrollment, re-enrollment, clones and announced keys.
import { Problem } from "@attacklens/protocol/problems.ts";
import { toInstant } from "../../ids.ts";
import type { KnownKey } from "./known-keys-store.ts";

/**
 * Undefined for a key that no sensor has, had, or announced: it may become a sensor's. A known key is returned only to a retry of the
 * request that made it known, whose reply was lost: `isSame` says whether that request had the same credential. Throws key-taken
 * otherwise, and sensor-blocked for a retry of a blocked sensor.
 */
export function admitKey(
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

/** Why nobody may use the key any more; undefined while its sensor does, or will. */
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
