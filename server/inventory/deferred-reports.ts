// The categories of first reports of which no chunk is missing. The sensor uploads the others at once, and
// one write stores all of them. Without the upload, the next check-in reports every category again.
import { setBounded } from "../bounded-map.ts";
import type { SensorCaller } from "../caller.ts";
import type { SensorReport } from "./report-writer.ts";
import type { NewContent } from "./storage/manifest-writer.ts";

type Sender = Pick<SensorCaller, "id" | "publicKey">;
type Categories = SensorReport<NewContent>["categories"];

/** Sensors between their first check-in and the end of their uploads, each with up to 20 KB. */
const MAX_DEFERRED = 2_000;

export function openDeferredReports(max = MAX_DEFERRED) {
  const deferred = new Map<string, { publicKey: string; categories: Categories }>();
  /** The host that has another key of the sensor by now may be another one. */
  const find = ({ id, publicKey }: Sender): Categories | undefined => {
    const found = deferred.get(id);
    return found?.publicKey === publicKey ? found.categories : undefined;
  };
  return {
    add: ({ id, publicKey }: Sender, categories: Categories): void =>
      void setBounded(deferred, id, { publicKey, categories }, max),
    has: (sender: Sender): boolean => find(sender) !== undefined,
    find: (sender: Sender): Categories => find(sender) ?? [],
    delete: (sensorId: string): void => void deferred.delete(sensorId),
  };
}
