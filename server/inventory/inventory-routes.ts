import { putChunks, putInventory, putManifest } from "@attacklens/protocol/inventory/upload.ts";
import { listSensorInventory } from "@attacklens/protocol/sensor-inventory.ts";
import { getSensor as getSensorRoute } from "@attacklens/protocol/sensors.ts";
import { handler } from "../route-handler.ts";
import { getSensorInFull, requireSensor } from "../sensors/sensors.ts";
import { recordChunks, recordInventory, recordManifests } from "./inventory.ts";
import { pageOfItems, readCategories } from "./read-inventory.ts";

export const inventoryRoutes = [
  handler(putInventory, async ({ body, sensor }, { db, now, rememberedSensors }) => ({
    missing: await recordInventory(db, now(), rememberedSensors, sensor, body),
  })),
  handler(putManifest, async ({ params: { category }, body, sensor }, { db, now, rememberedSensors }) => {
    const { collectedAt, ...manifest } = body;
    const report = { collectedAt, categories: { [category]: manifest } };
    const missing = await recordManifests(db, now(), rememberedSensors, sensor, report);
    return { missing: missing[category] ?? [] };
  }),
  handler(putChunks, async ({ params, body, sensor }, { db, now }) => {
    await recordChunks(db, now(), sensor, params.category, body.chunks);
    return undefined;
  }),
  handler(getSensorRoute, async ({ params, user }, { reads, now, checkInIntervalSeconds }) => ({
    ...(await getSensorInFull(reads, { now: now(), checkInIntervalSeconds, user }, params.id)),
    inventory: await readCategories(reads, params.id),
  })),
  handler(listSensorInventory, async ({ params, query }, { reads, sortedItems }) => {
    await requireSensor(reads, params.id);
    return await pageOfItems(reads, sortedItems, params.id, params.category, query);
  }),
];
