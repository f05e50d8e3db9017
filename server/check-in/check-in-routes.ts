import { checkIn as checkInRoute } from "@attacklens/protocol/check-in.ts";
import { UPDATE_ATTEMPT_HEADER, UPDATE_VERSION_HEADER } from "@attacklens/protocol/updates.ts";
import type { Connection } from "../certificates/connection.ts";
import { toInstant } from "../ids.ts";
import { handler } from "../route-handler.ts";
import { checkIn } from "./check-in.ts";

export const checkInRoutes = [
  handler(checkInRoute, async ({ body, sensor, http }, services) => {
    const { db, now, checkInIntervalSeconds, answers, keyMaxAgeMs, connection } = services;
    const at = { now: now(), address: http.address, checkInIntervalSeconds, keyMaxAgeMs };
    const reply = await checkIn(db, at, services, sensor, body);
    const { update } = reply;
    if (update) {
      http.replyHeaders.set(UPDATE_VERSION_HEADER, update.version);
      http.replyHeaders.set(UPDATE_ATTEMPT_HEADER, String(update.attempt));
    }
    const { checkInIntervalSeconds: seconds, wanted, missing, undecided, rotateKey, agreement } = reply;
    return {
      checkInIntervalSeconds: seconds,
      wanted,
      missing,
      undecided,
      rotateKey,
      serverTime: toInstant(now()),
      serverKey: answers.publicKey,
      agreement,
      trustedCertificates: newRoots(connection, body.trustedPins),
    };
  }),
];

/** Returns the CA certificates that the sensor must trust from now on, if they have changed. */
function newRoots({ roots }: Connection, trustedPins: string[] | undefined): string[] | undefined {
  const latest = trustedPins && roots();
  if (!latest || latest.pins.toSorted().join() === trustedPins.toSorted().join()) return undefined;
  return latest.certificates;
}
