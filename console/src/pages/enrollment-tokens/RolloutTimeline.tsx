// A token's arrivals over time, counted by the server.
import type { TimelineRange } from "@attacklens/protocol/rollout.ts";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { refreshMs } from "../../queries.ts";
import { BarChart, type Series } from "../../ui/BarChart.tsx";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import classes from "./RolloutPage.module.css";
import { timelineBars, timelineSummary } from "./timeline-words.ts";
import { timelineQuery } from "./token-queries.ts";

const RANGES = [
  { value: "hour", label: "Last hour" },
  { value: "day", label: "Last 24 hours" },
  { value: "week", label: "Last 7 days" },
];
const SERIES: readonly Series[] = [
  { label: "Enrolled", fill: "accent" },
  { label: "Refused", fill: "red" },
];

interface RolloutTimelineProps {
  tokenId: string;
  range: TimelineRange;
  onRange: (range: string | undefined) => void;
}

/** Nothing until the first host has used the token. */
export function RolloutTimeline({ tokenId, range, onRange }: RolloutTimelineProps) {
  const { data } = useQuery({
    ...timelineQuery(tokenId, range),
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
  });
  if (!data || data.buckets.length === 0) return null;
  return (
    <div className={classes.timeline}>
      <BarChart
        label="Arrivals over time"
        summary={timelineSummary(data)}
        barHeading="Time"
        series={SERIES}
        bars={timelineBars(data)}
        tools={
          <FilterMenu
            label="Time"
            value={range === "all" ? undefined : range}
            options={RANGES}
            onChange={onRange}
          />
        }
      />
    </div>
  );
}
