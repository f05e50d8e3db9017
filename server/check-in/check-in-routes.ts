import { checkIn as checkInRoute } from "@attacklens/protocol/check-in.ts";
import { UPDATE_ATTEMPT_HEADER, UPDATE_VERSION_HEADER } from "@attacklens/protocol/updates.ts";
import type { Connection } from "../certificates/connection.ts";
import { toInstant } from "../ids.ts";
import { handler } from "../route-handler.ts";
import { checkIn } from "./check-in.ts";

export const checkInRoutes = [
  handler(checkInRoute, async ({ body, sensor, http: { address, replyHeaders } }, services) => {
    const { db, now, checkInIntervalSeconds, answers, keyMaxAgeMs, connection } = services;
    const at = { now: now(), address, checkInIntervalSeconds, keyMaxAgeMs };
    const { update, ...reply } = await checkIn(db, at, services, sensor, body);
    if (update) {
      replyHeaders.set(UPDATE_VERSION_HEADER, update.version);
      replyHeaders.set(UPDATE_ATTEMPT_HEADER, String(update.attempt));
    }
    return {
      ...reply,
      serverTime: toInstant(now()),
      serverKey: answers.publicKey,
      ...trustChange(connection, body.trustedPins),
    };
  }),
];

/** Returns the CA certificates that the sensor must trust from now on, if they have changed. */
function trustChange({ roots }: Connection, trustedPins: string[] | undefined) {
  const latest = roots();
  if (!latest || !trustedPins || latest.pins.toSorted().join() === trustedPins.toSorted().join()) return {};
  return { trustedCertificates: latest.certificates };
}
