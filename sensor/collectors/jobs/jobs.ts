// Work that the host starts at a time: by cron, anacron, at, and timers of systemd.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { NotOnThisHost } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { readAtJobs } from "./at.ts";
import { readCronJobs } from "./cron.ts";
import { withKeys } from "./job.ts";
import { readTimers } from "./timers.ts";

export function collectJobs(files: HostFiles): Item<"jobs">[] {
  const timers = readTimers(files);
  const others = [...readCronJobs(files), ...readAtJobs(files)];
  // A crontab that cannot be read is not the absence of one.
  const isMissing = timers === undefined && others.length === 0 && files.listGaps().length === 0;
  if (isMissing) throw new NotOnThisHost("no cron and no systemd");
  return withKeys([...(timers ?? []), ...others]);
}
