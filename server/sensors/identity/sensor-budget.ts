// Limits the requests of one sensor per hour, and at the same time. A whole inventory is a few megabytes, so
// only a broken or malicious sensor reaches the limits. Each server counts in memory.
import { Problem } from "@attacklens/protocol/problems.ts";
import { openWindowCounter } from "../../window-counter.ts";

const WINDOWS = { windowMs: 60 * 60_000, maxKeys: 200_000 };
/** An upload counts as this at the least: the rows that it writes are not free, however short it is. */
const MIN_UPLOAD_BYTES = 4 * 1024;
const MIB = 1024 * 1024;

/**
 * Uploads are chunks and their lists, by their bytes. Everything else counts as one: check-ins that come
 * every second and a day's spool stay far below, and the history that they write stays below 4 KB/s. A sensor
 * whose uploads are used up checks in still.
 */
export const SENSOR_LIMITS = {
  upload: {
    anHour: 64 * MIB,
    atOnce: 1,
    cost: (bytes: number) => Math.max(bytes, MIN_UPLOAD_BYTES),
    detail: "A sensor may upload 64 MiB of inventory in an hour",
  },
  request: {
    anHour: 7_200,
    atOnce: 4,
    cost: () => 1,
    detail: "A sensor may send 7200 check-ins and other requests in an hour",
  },
};

type RequestKind = keyof typeof SENSOR_LIMITS;

export function openSensorBudget(now: () => number) {
  const counter = openWindowCounter(WINDOWS, now);
  /** Only of sensors with a request in flight. */
  const running = new Map<string, number>();

  function require(sensorId: string, kind: RequestKind, bytes: number): void {
    const { anHour, atOnce, cost, detail } = SENSOR_LIMITS[kind];
    const key = `${kind} ${sensorId}`;
    if (counter.used(key) + cost(bytes) > anHour) {
      const retryAfterSeconds = Math.max(1, counter.endsInSeconds(key));
      throw new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
    }
    if ((running.get(key) ?? 0) >= atOnce) {
      const requests = atOnce === 1 ? "such request" : "such requests";
      throw new Problem("too-many-requests", `A sensor may send ${atOnce} ${requests} at a time`, {
        extras: { retryAfterSeconds: 1 },
      });
    }
  }

  return {
    /**
     * Counts nothing. Throws too-many-requests when the sensor has used up its hour, or sends too much at a
     * time.
     */
    require,
    /** The same, and counts the request, which lasts until `release`. */
    begin(sensorId: string, kind: RequestKind, bytes: number): { release(): void } {
      require(sensorId, kind, bytes);
      const key = `${kind} ${sensorId}`;
      counter.add(key, SENSOR_LIMITS[kind].cost(bytes));
      running.set(key, (running.get(key) ?? 0) + 1);
      return {
        release() {
          const rest = (running.get(key) ?? 1) - 1;
          if (rest > 0) running.set(key, rest);
          else running.delete(key);
        },
      };
    },
  };
}

export type SensorBudget = ReturnType<typeof openSensorBudget>;
