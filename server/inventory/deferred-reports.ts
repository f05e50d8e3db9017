// The categories of first reports that need no upload. The sensor uploads the others at once, and one write
// stores all of them. Without the upload, the next check-in stores them: it reports every category again.
import { setBounded } from "../bounded-map.ts";
import type { SensorReport } from "./report-writer.ts";
import type { NewContent } from "./storage/manifest-writer.ts";

type Categories = SensorReport<NewContent>["categories"];

/** Sensors between their first check-in and the end of their uploads. */
const MAX_DEFERRED = 10_000;

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
