// Determines whether this server can write: by the last group commit or, without a recent one, by a probe.
// All requests to /readyz share one probe.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Logger } from "pino";
import { isOutage } from "./db/dialect.ts";
import type { Database } from "./db/schema.ts";
import { writeProbe } from "./db/write-probe.ts";

/** How long the result of a write is valid. There is at most one probe in this time. */
const FRESH_MS = 2_000;
const PROBE_TIMEOUT_MS = 5_000;

export interface HealthOptions {
  now: () => number;
  log: Logger;
}

export function openHealth(db: Database, { now, log }: HealthOptions) {
  let last: { at: number; error?: unknown } | undefined;
  let probing: Promise<void> | undefined;

  function succeeded(): void {
    if (last && "error" in last) log.info("the database can be written again");
    last = { at: now() };
  }

  function failed(error: unknown): void {
    if (!last || !("error" in last)) log.error({ err: error }, "the database cannot be written");
    last = { at: now(), error };
  }

  // The clock may be set back.
  const isFresh = () => last !== undefined && Math.abs(now() - last.at) < FRESH_MS;

  async function probe(): Promise<void> {
    let timeout: Timer | undefined;
    const deadline = new Promise<never>((_, reject) => {
      const late = new Error(`Connection terminated: no reply within ${PROBE_TIMEOUT_MS / 1000} s`);
      timeout = setTimeout(() => reject(late), PROBE_TIMEOUT_MS);
    });
    try {
      await Promise.race([writeProbe(db, now()), deadline]);
      succeeded();
    } catch (error) {
      failed(error);
    } finally {
      clearTimeout(timeout);
      probing = undefined;
    }
  }

  return {
    /** A write was committed. */
    succeeded,
    /** A commit failed. Only an outage counts; any other error has its cause in the written data. */
    failed(error: unknown): void {
      if (isOutage(error)) failed(error);
    },
    /** A request failed because of an outage. A probe then determines whether the outage continues. */
    doubt(): void {
      if (!isFresh()) probing ??= probe();
    },
    /** Throws unavailable if the last commit or probe could not write. */
    async requireWritable(): Promise<void> {
      if (!isFresh()) {
        probing ??= probe();
        await probing;
      }
      if (last && "error" in last) {
        throw new Problem("unavailable", "The database cannot be written now", {
          extras: { retryAfterSeconds: 10 },
        });
      }
    },
  };
}

export type Health = ReturnType<typeof openHealth>;
