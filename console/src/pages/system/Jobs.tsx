import type { SystemStatus } from "@attacklens/protocol/system-status.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Section } from "../../ui/Section.tsx";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { Status } from "../../ui/Status.tsx";
import classes from "./SystemPage.module.css";

type Job = SystemStatus["jobs"][number];

const COLUMNS: readonly SmallColumn<Job>[] = [
  { label: "Job", cell: ({ name }) => name.charAt(0).toUpperCase() + name.slice(1) },
  {
    label: "Last run",
    width: "140px",
    cell: ({ lastRunAt }) => (lastRunAt ? <RelativeTime at={lastRunAt} /> : "Not yet"),
  },
  {
    label: "Next run",
    width: "120px",
    cell: ({ nextRunAt }) => nextRunAt && <RelativeTime at={nextRunAt} />,
  },
  { label: "Result", width: "34%", cell: (job) => <Result job={job} /> },
];

function Result({ job: { lastRunAt, lastError, isFailing } }: { job: Job }) {
  return (
    <div>
      {isFailing && <Status color="red">Failed</Status>}
      {!isFailing && lastRunAt && <Status color="green">Succeeded</Status>}
      {lastError && (
        <div className={classes.error}>
          {isFailing ? "" : "Last error "}
          <RelativeTime at={lastError.at} />: {lastError.message}
        </div>
      )}
    </div>
  );
}

/** The work of the server on a timer. */
export function Jobs({ jobs }: { jobs: SystemStatus["jobs"] }) {
  return (
    <Section title="Background jobs" text="Since the server started.">
      <SmallTable label="Background jobs" columns={COLUMNS} rows={jobs} rowId={({ name }) => name} />
    </Section>
  );
}
