// How much one sensor may upload in an hour: a whole inventory is a few megabytes, so only one that lies or loops gets there.
// Kept in memory, one count a server: it bounds what a stolen or broken sensor can fill, and forgives on a restart.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { UploadBudget } from "../route-handler.ts";

const WINDOW_MS = 60 * 60_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_SENSORS = 100_000;

export function openUploadBudget(now: () => number): UploadBudget {
  const windows = new Map<string, { usedBytes: number; endsAt: number }>();
  return {
    spend(sensorId, sizeBytes) {
      const window = windows.get(sensorId);
      const usedBytes = window && window.endsAt > now() ? window.usedBytes + sizeBytes : sizeBytes;
      const endsAt = window && window.endsAt > now() ? window.endsAt : now() + WINDOW_MS;
      if (usedBytes > MAX_BYTES) {
        const detail = `A sensor may upload ${MAX_BYTES / 1024 / 1024} MiB of inventory in an hour`;
        const retryAfterSeconds = Math.ceil((endsAt - now()) / 1000);
        throw new Problem("too-many-requests", detail, { extras: { retryAfterSeconds } });
      }
      // A Map keeps insertion order: the oldest window makes room.
      windows.delete(sensorId);
      if (windows.size >= MAX_SENSORS) windows.delete(windows.keys().next().value!);
      windows.set(sensorId, { usedBytes, endsAt });
    },
  };
}
