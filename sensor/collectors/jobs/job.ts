// A scheduled job before it has its key.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { openSeenKeys } from "../seen-keys.ts";

export type Job = Omit<Item<"jobs">, "key">;

/** Equal lines of one file are told apart by their order. */
export function* withKeys(jobs: Iterable<Job>): Generator<Item<"jobs">> {
  const seen = openSeenKeys();
  /** Of those that occur several times: how often so far. */
  const counts = new Map<string, number>();
  for (const job of jobs) {
    const parts =
      job.kind === "cron" ? [job.source, job.user, job.program ?? job.name, ...job.schedule] : [job.name];
    const key = factText(`${job.kind}:${parts.filter(Boolean).join(" ")}`, 580);
    if (seen.add(key)) {
      yield { key, ...job };
      continue;
    }
    const count = (counts.get(key) ?? 1) + 1;
    counts.set(key, count);
    yield { key: `${key} #${count}`, ...job };
  }
}
