// A scheduled job before it has its key.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";

export type Job = Omit<Item<"jobs">, "key">;

/** Equal lines of one file are told apart by their order. */
export function withKeys(jobs: readonly Job[]): Item<"jobs">[] {
  const counts = new Map<string, number>();
  return jobs.map((job) => {
    const parts =
      job.kind === "cron" ? [job.source, job.user, job.program ?? job.name, ...job.schedule] : [job.name];
    const key = factText(`${job.kind}:${parts.filter(Boolean).join(" ")}`, 580);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { key: count === 1 ? key : `${key} #${count}`, ...job };
  });
}
