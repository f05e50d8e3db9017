// The columns of the scheduled jobs.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import type { Columns } from "../../ui/DataTable.tsx";
import { exactTime } from "../../ui/time.ts";
import { columnMaker, list, mono } from "./text-column.tsx";

type Job = Item<"jobs">;

const ofJob = columnMaker<Job>();
const KINDS: Record<Job["kind"], string> = {
  cron: "cron",
  anacron: "anacron",
  at: "at",
  timer: "Timer",
  task: "Task",
  launchd: "launchd",
};

export const jobColumns: Columns<Job> = [
  ofJob("Name", "22%", (one) => one.name),
  ofJob("Kind", "84px", (one) => KINDS[one.kind]),
  ofJob("Schedule", "20%", scheduleOf, (one) => (one.runsAt ? undefined : mono(scheduleOf(one) || "–"))),
  ofJob("Enabled", "84px", (one) => (one.enabled === undefined ? undefined : one.enabled ? "Yes" : "No")),
  ofJob("Runs as", "96px", (one) => one.user),
  ofJob("Starts", undefined, (one) => one.unit ?? one.program),
  ofJob("Source", "18%", (one) => one.source),
];

function scheduleOf({ runsAt, schedule }: Job): string {
  return runsAt === undefined ? list(schedule) : `Once, ${exactTime(runsAt)}`;
}
