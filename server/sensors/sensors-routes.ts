import { checkIn } from "@attacklens/protocol/check-in.ts";
import { checkToken as checkTokenRoute, enroll } from "@attacklens/protocol/enroll.ts";
import { goodbye } from "@attacklens/protocol/goodbye.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import { toInstant } from "../ids.ts";
import { recordReport } from "../inventory/inventory.ts";
import { handler } from "../route-handler.ts";
import { checkToken } from "./check-token.ts";
import { enrollSensor } from "./enroll.ts";
import {
  approveSensor,
  blockSensor,
  deleteSensor,
  listSensors,
  recordGoodbye,
  unblockSensor,
} from "./sensors.ts";

export const sensorRoutes = [
  handler(checkTokenRoute, ({ body, http }, services) => checkToken(services, http, body.hostname)),
  handler(enroll, ({ body, http }, services) => enrollSensor(services, http, body)),
  handler(goodbye, async ({ sensor }, { db, now }) => {
    await recordGoodbye(db, now(), sensor.id);
    return undefined;
  }),
  handler(checkIn, async ({ body, sensor }, { db, now, checkInIntervalSeconds }) => {
    const wanted = await recordReport(db, now(), sensor, body.sensorVersion, body.inventory ?? {});
    return { serverTime: toInstant(now()), checkInIntervalSeconds, wanted };
  }),
  handler(routes.listSensors, ({ query, user }, { db, now, checkInIntervalSeconds }) =>
    listSensors(db, { now: now(), checkInIntervalSeconds, user }, query),
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
  handler(routes.deleteSensor, async ({ params, user }, { db, now }) => {
    await deleteSensor(db, now(), user, params.id);
    return undefined;
  }),
];
