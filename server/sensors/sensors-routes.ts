import { sensorExports } from "@attacklens/protocol/list-exports.ts";
import * as actions from "@attacklens/protocol/sensor-actions.ts";
import * as counts from "@attacklens/protocol/sensor-counts.ts";
import * as routes from "@attacklens/protocol/sensors.ts";
import { unenroll } from "@attacklens/protocol/unenroll.ts";
import { openBulk, previewBulk } from "../bulk/bulk.ts";
import { requireRecentSignIn } from "../permitted.ts";
import { exportHandlers, handler } from "../route-handler.ts";
import { jsonLines, streamText } from "../streamed-text.ts";
import { onlineSince } from "./record/sensor-status.ts";
import { runSensorAction, sensorCandidates } from "./sensor-actions.ts";
import {
  approveSensor,
  blockSensor,
  deleteSensor,
  dismissMatch,
  mergeSensor,
  unblockSensor,
  undoMerge,
  withdrawApproval,
} from "./sensor-changes.ts";
import { countSensors } from "./sensor-counts.ts";
import { exportSensors } from "./sensor-export.ts";
import { listSensors } from "./sensors.ts";
import { unenrollSensor } from "./unenroll.ts";

export const sensorRoutes = [
  handler(unenroll, async ({ body: { host }, sensor, http: { address } }, { db, now }) => {
    await unenrollSensor(db, sensor, { now: now(), address, host });
    return undefined;
  }),
  handler(routes.listSensors, ({ query, user }, { reads, longReads, now, checkInIntervalSeconds }) =>
    listSensors(query.count ? longReads : reads, { now: now(), checkInIntervalSeconds, user }, query),
  ),
  ...exportHandlers(sensorExports, ({ query, user, http: { checkAgain } }, services, format) => {
    const { longReads, checkInIntervalSeconds } = services;
    const now = services.now();
    const view = { now, checkInIntervalSeconds, user };
    return exportSensors(longReads, view, { format, now, query, checkAgain });
  }),
  handler(actions.previewSensorAction, ({ body, user }, { longReads, now, checkInIntervalSeconds }) =>
    previewBulk(sensorCandidates(longReads, { now: now(), checkInIntervalSeconds, user }, body)),
  ),
  handler(actions.runSensorAction, async ({ body, user, http }, services) => {
    const { db, longReads, now, log, checkInIntervalSeconds } = services;
    if (body.action === "delete") requireRecentSignIn(user);
    const candidates = sensorCandidates(longReads, { now: now(), checkInIntervalSeconds, user }, body);
    const start = await openBulk(candidates, body.fingerprint, (tx, some) =>
      runSensorAction(tx, { now: now(), user }, body.action, some),
    );
    http.replyStream = streamText(jsonLines(start(db, http.checkAgain)), log);
    return undefined;
  }),
  handler(counts.countSensors, (_request, { reads, now, checkInIntervalSeconds }) =>
    countSensors(reads, onlineSince(now(), checkInIntervalSeconds)),
  ),
  handler(routes.approveSensor, ({ params, body, user }, { db, now, checkInIntervalSeconds }) =>
    approveSensor(db, { now: now(), checkInIntervalSeconds, user }, params.id, body.fingerprint),
  ),
  handler(routes.withdrawApproval, ({ params, user }, { db, now, checkInIntervalSeconds }) =>
    withdrawApproval(db, { now: now(), checkInIntervalSeconds, user }, params.id),
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
  handler(routes.deleteSensor, async ({ params, user }, { db, now }) => {
    await deleteSensor(db, now(), user, params.id);
    return undefined;
  }),
];
