// What one sensor may ask of a server in an hour, and at once: a whole inventory is a few megabytes, so only one that lies or loops
// gets there. Kept in memory, one count a server: it bounds what a stolen or broken sensor can fill, and forgives on a restart.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { SensorBudget } from "../route-handler.ts";

const WINDOW_MS = 60 * 60_000;
const MAX_SENSORS = 100_000;
/** An upload counts as this at the least: the rows that it writes are not free, however short it is. */
const MIN_UPLOAD_BYTES = 4 * 1024;
const MIB = 1024 * 1024;

/**
 * Uploads are chunks and their lists, by their bytes. Everything else counts as one: check-ins that come every second and a
 * day's spool stay far below, and the history that they write stays below 4 KB/s. A sensor whose uploads are used up checks in still.
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

interface Window {
  endsAt: number;
  used: { upload: number; request: number };
  running: { upload: number; request: number };
}

export function openSensorBudget(now: () => number): SensorBudget {
  const windows = new Map<string, Window>();

  function windowOf(sensorId: string): Window {
    const window = windows.get(sensorId);
    if (window && window.endsAt > now()) return window;
    // Requests that began in the last hour end in this one.
    const running = window?.running ?? { upload: 0, request: 0 };
    return { endsAt: now() + WINDOW_MS, used: { upload: 0, request: 0 }, running };
  }

  function require(sensorId: string, kind: "upload" | "request", bytes: number): Window {
    const window = windowOf(sensorId);
    const { anHour, atOnce, cost, detail } = SENSOR_LIMITS[kind];
    if (window.used[kind] + cost(bytes) > anHour) {
      const retryAfterSeconds = Math.ceil((window.endsAt - now()) / 1000);
      throw new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
    }
    if (window.running[kind] >= atOnce) {
      throw new Problem(
        "too-many-requests",
        `A sensor may send ${atOnce} such request${atOnce === 1 ? "" : "s"} at a time`,
        {
          extras: { retryAfterSeconds: 1 },
        },
      );
    }
    return window;
  }

  return {
    require(sensorId, kind, bytes) {
      require(sensorId, kind, bytes);
    },
    begin(sensorId, kind, bytes) {
      const window = require(sensorId, kind, bytes);
      window.used[kind] += SENSOR_LIMITS[kind].cost(bytes);
      const { running } = window;
      running[kind]++;
      // A Map keeps insertion order: the window that was longest not used makes room.
      windows.delete(sensorId);
      if (windows.size >= MAX_SENSORS) windows.delete(windows.keys().next().value!);
      windows.set(sensorId, window);
      return {
        release() {
          running[kind]--;
        },
      };
    },
  };
}
