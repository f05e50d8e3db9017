import { checkIn } from "@attacklens/protocol/check-in.ts";
import * as enrollment from "@attacklens/protocol/enroll.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import { unenroll } from "@attacklens/protocol/unenroll.ts";
import { checkToken } from "../enrollment/check-token.ts";
import { enrollSensor } from "../enrollment/enroll.ts";
import { enrollClone } from "../enrollment/enroll-clone.ts";
import { createTicket, reEnroll } from "../enrollment/re-enroll.ts";
import { toInstant } from "../ids.ts";
import { recordReport } from "../inventory/inventory.ts";
import { type Connection, handler } from "../route-handler.ts";
import { settleInstance } from "./clones/clones.ts";
import { announceKey } from "./identity/key-rotation.ts";
import {
  approveSensor,
  blockSensor,
  deleteSensor,
  dismissMatch,
  mergeSensor,
  unblockSensor,
  undoMerge,
} from "./sensor-changes.ts";
import { listSensors } from "./sensors.ts";
import { unenrollSensor } from "./unenroll.ts";

export const sensorRoutes = [
  handler(enrollment.checkToken, ({ body, http, holder }, services) =>
    checkToken(services, http, holder, body.hostname),
  ),
  handler(enrollment.enroll, ({ body, http, holder }, services) =>
    enrollSensor(services, http, holder, body),
  ),
  handler(enrollment.reEnroll, ({ body, http, holder }, services) => reEnroll(services, http, holder, body)),
  handler(enrollment.replaceKey, async ({ body, sensor }, { db }) => {
    await announceKey(db, sensor.id, body);
    return undefined;
  }),
  handler(enrollment.enrollClone, ({ body, http, sensor }, services) =>
    enrollClone(services, http, sensor, body),
  ),
  // To have been let through to here is the answer.
  handler(enrollment.confirmSensor, async () => undefined),
  handler(unenroll, async ({ body: { host }, sensor, http: { address } }, { db, now }) => {
    await unenrollSensor(db, sensor, { now: now(), address, host });
    return undefined;
  }),
  handler(checkIn, async ({ body, sensor, http }, services) => {
    const { db, now, checkInIntervalSeconds, answers, keyMaxAgeMs, connection } = services;
    const at = { now: now(), address: http.address, checkInIntervalSeconds };
    const { isHeld, askAgainSeconds, holdsKey } = await settleInstance(db, at, sensor, {
      isCheckIn: true,
      host: body.host,
    });
    const wanted = isHeld ? [] : await recordReport(db, now(), sensor, body);
    return {
      serverTime: toInstant(now()),
      checkInIntervalSeconds: askAgainSeconds ?? checkInIntervalSeconds,
      wanted,
      undecided: isHeld,
      serverKey: answers.publicKey,
      ...trustChange(connection, body.trustedPins),
      rotateKey: holdsKey && now() - sensor.keyChangedAt > keyMaxAgeMs,
    };
  }),
  handler(routes.listSensors, ({ query, user }, { reads, now, checkInIntervalSeconds }) =>
    listSensors(reads, { now: now(), checkInIntervalSeconds, user }, query),
  ),
  handler(routes.approveSensor, ({ params, body, user }, { db, now, checkInIntervalSeconds }) =>
    approveSensor(db, { now: now(), checkInIntervalSeconds, user }, params.id, body.fingerprint),
  ),
  handler(routes.blockSensor, ({ params, user }, { db, now, checkInIntervalSeconds }) =>
    blockSensor(db, { now: now(), checkInIntervalSeconds, user }, params.id),
  ),
  handler(routes.unblockSensor, ({ params, user }, { db, now, checkInIntervalSeconds }) =>
    unblockSensor(db, { now: now(), checkInIntervalSeconds, user }, params.id),
  ),
  handler(routes.mergeSensor, ({ params, body, user }, { db, now, checkInIntervalSeconds }) =>
    mergeSensor(db, { now: now(), checkInIntervalSeconds, user }, params.id, body.predecessorId),
  ),
  handler(routes.dismissMatch, ({ params, body, user }, { db, now, checkInIntervalSeconds }) =>
    dismissMatch(db, { now: now(), checkInIntervalSeconds, user }, params.id, body.predecessorId),
  ),
  handler(routes.undoMerge, ({ params, user }, { db, now, checkInIntervalSeconds }) =>
    undoMerge(db, { now: now(), checkInIntervalSeconds, user }, params.id),
  ),
  handler(routes.createTicket, (request, { db, now, checkInIntervalSeconds }) => {
    const { params, user, idempotency, http } = request;
    http.replyHeaders.set("cache-control", "no-store");
    return createTicket(db, { now: now(), checkInIntervalSeconds, user }, params.id, idempotency);
  }),
  handler(routes.deleteSensor, async ({ params, user }, { db, now }) => {
    await deleteSensor(db, now(), user, params.id);
    return undefined;
  }),
];

/** What a sensor of the private CA is to trust from now on, when that has changed. */
function trustChange({ roots }: Connection, trustedPins: string[] | undefined) {
  const latest = roots();
  if (!latest || !trustedPins || latest.pins.toSorted().join() === trustedPins.toSorted().join()) return {};
  return { trustedCertificates: latest.certificates };
}
