// Work that the host starts at a time: by cron, anacron, at, and timers of systemd.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { NotOnThisHost } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readAtJobs } from "./at.ts";
import { readCronJobs } from "./cron.ts";
import { type Job, withKeys } from "./job.ts";
import { readTimers } from "./timers.ts";

export function* collectJobs(files: HostFiles): Generator<Item<"jobs">> {
  const timers = readTimers(files);
  let isEmpty = true;
  for (const job of withKeys(allOf([timers ?? [], readCronJobs(files), readAtJobs(files)]))) {
    isEmpty = false;
    yield job;
  }
  // A crontab that cannot be read is not the absence of one.
  const isMissing = timers === undefined && isEmpty && files.listGaps().length === 0;
  if (isMissing) throw new NotOnThisHost("no cron and no systemd");
}

/** One after another: a host may have many. */
function* allOf(lists: readonly Iterable<Job>[]): Generator<Job> {
  for (const list of lists) yield* list;
}
