import { putChunks, putManifest } from "@attacklens/protocol/inventory/upload.ts";
import { getSensor as getSensorRoute, listSensorInventory } from "@attacklens/protocol/sensors.ts";
import { handler } from "../route-handler.ts";
import { getSensor, getSensorInFull } from "../sensors/sensors.ts";
import { recordChunks, recordManifest } from "./inventory.ts";
import { pageOfItems, readCategories } from "./read-inventory.ts";

export const inventoryRoutes = [
  handler(putManifest, async ({ params, body, sensor }, { db, now }) => ({
    missing: await recordManifest(db, now(), sensor, params.category, body),
  })),
  handler(putChunks, async ({ params, body, sensor, http }, { db, now, uploadBudget }) => {
    uploadBudget.spend(sensor.id, http.body.byteLength);
    await recordChunks(db, now(), sensor, params.category, body.chunks);
    return undefined;
  }),
  handler(getSensorRoute, async ({ params, user }, { db, now, checkInIntervalSeconds }) => ({
    ...(await getSensorInFull(db, { now: now(), checkInIntervalSeconds, user }, params.id)),
    inventory: await readCategories(db, params.id),
  })),
  handler(listSensorInventory, async ({ params, query, user }, { db, now, checkInIntervalSeconds }) => {
    await getSensor(db, { now: now(), checkInIntervalSeconds, user }, params.id);
    return await pageOfItems(db, params.id, params.category, query);
  }),
];
