// The categories of first reports of which no chunk is missing. The sensor uploads the others at once, and
// one write stores all of them. Without the upload, the next check-in reports every category again.
import { setBounded } from "../bounded-map.ts";
import type { SensorReport } from "./report-writer.ts";
import type { NewContent } from "./storage/manifest-writer.ts";

type Categories = SensorReport<NewContent>["categories"];

/** Sensors between their first check-in and the end of their uploads, each with up to 20 KB. */
const MAX_DEFERRED = 2_000;

export function openDeferredReports(max = MAX_DEFERRED) {
  const deferred = new Map<string, Categories>();
  return {
    add: (sensorId: string, categories: Categories): void =>
      void setBounded(deferred, sensorId, categories, max),
    has: (sensorId: string): boolean => deferred.has(sensorId),
    find: (sensorId: string): Categories => deferred.get(sensorId) ?? [],
    delete: (sensorId: string): void => void deferred.delete(sensorId),
  };
}
