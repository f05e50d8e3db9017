// Limits the requests of one sensor, per hour and at the same time. A complete inventory is a few megabytes,
// so only a broken or malicious sensor reaches the limits. Each server counts in memory.

import { countOf } from "@attacklens/protocol/count-of.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { openWindowCounter } from "../../window-counter.ts";

const WINDOWS = { windowMs: 60 * 60_000, maxKeys: 100_000 };
/** The minimum that an upload counts as, because even a short one writes rows. */
const MIN_UPLOAD_BYTES = 4 * 1024;
const MIB = 1024 * 1024;

/**
 * Uploads, which are chunks and lists of chunks, count by bytes. Every other request counts as one. Check-ins
 * every second plus the spool of a day stay far below this limit, and the history that they write stays below
 * 4 KB/s. A sensor beyond its upload limit can still check in.
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

class InFlight {
  constructor(
    private readonly running: Map<string, number>,
    private readonly sensorId: string,
  ) {}

  release(): void {
    const rest = (this.running.get(this.sensorId) ?? 1) - 1;
    if (rest > 0) this.running.set(this.sensorId, rest);
    else this.running.delete(this.sensorId);
  }
}

/**
 * `processes`: of the server. A sensor stays with one of them while its connection is open, so each allows
 * half of the limit at least.
 */
export function openSensorBudget(now: () => number, processes = 1) {
  const part = Math.min(processes, 2);
  /** `running` contains only sensors with a request in flight. */
  const open = () => ({ counter: openWindowCounter(WINDOWS, now), running: new Map<string, number>() });
  const kinds = { upload: open(), request: open() };

  function require(sensorId: string, kind: RequestKind, bytes: number): void {
    const { anHour, atOnce, cost, detail } = SENSOR_LIMITS[kind];
    const { counter, running } = kinds[kind];
    if (counter.used(sensorId) + cost(bytes) > anHour / part) {
      const retryAfterSeconds = Math.max(1, counter.endsInSeconds(sensorId));
      throw new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
    }
    if ((running.get(sensorId) ?? 0) >= atOnce) {
      const requests = countOf(atOnce, "such request");
      throw new Problem("too-many-requests", `A sensor may send ${requests} at a time`, {
        extras: { retryAfterSeconds: 1 },
      });
    }
  }

  return {
    /** Throws too-many-requests if a limit of the sensor is reached. Does not count the request. */
    require,
    /** The same, and counts the request. It is in flight until `release`. */
    begin(sensorId: string, kind: RequestKind, bytes: number): { release(): void } {
      require(sensorId, kind, bytes);
      const { counter, running } = kinds[kind];
      counter.add(sensorId, SENSOR_LIMITS[kind].cost(bytes));
      running.set(sensorId, (running.get(sensorId) ?? 0) + 1);
      return new InFlight(running, sensorId);
    },
  };
}

export type SensorBudget = ReturnType<typeof openSensorBudget>;
