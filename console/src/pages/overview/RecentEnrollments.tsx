import type { EnrollmentDays } from "@attacklens/protocol/enrollment-attempts.ts";
import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { refreshMs } from "../../queries.ts";
import { BarChart, type Series } from "../../ui/BarChart.tsx";
import { formatCount } from "../../ui/numbers.ts";
import { daysQuery } from "./overview-queries.ts";
import { Panel } from "./Panel.tsx";

const DAYS = 14;
const SERIES: readonly Series[] = [
  { label: "Enrolled", fill: "accent" },
  { label: "Refused", fill: "red" },
];

type Day = EnrollmentDays["days"][number];
type Outcome = "accepted" | "refused";

/** Enrollments and refusals by day, in the browser's time zone. */
export function RecentEnrollments() {
  const query = useQuery({ ...daysQuery(DAYS), refetchInterval: refreshMs });
  const { days } = query.data ?? {};
  const from = days?.[0]?.from;
  const total = (outcome: Outcome) => days?.reduce((sum, day) => sum + day[outcome], 0) ?? 0;
  return (
    <Panel
      title="Enrollments"
      query={query}
      more={
        from && (
          <span className="quiet">
            <TextLink {...paths.enrollments({ outcome: "accepted", from })}>
              {formatCount(total("accepted"))} enrolled
            </TextLink>
            {" · "}
            <TextLink {...paths.enrollments({ outcome: "refused", from })}>
              {formatCount(total("refused"))} refused
            </TextLink>
          </span>
        )
      }
    >
      {({ days }) => (
        <BarChart
          label="Hosts by day"
          summary={`Last ${DAYS} days`}
          barHeading="Day"
          series={SERIES}
          bars={days.map((day) => ({
            key: day.from,
            label: dayText(day.from, { day: "numeric", month: "short" }),
            title: dayText(day.from, { weekday: "short", day: "numeric", month: "short" }),
            values: [day.accepted, day.refused],
            cells: [
              <DayLink key="accepted" day={day} outcome="accepted" />,
              <DayLink key="refused" day={day} outcome="refused" />,
            ],
          }))}
        />
      )}
    </Panel>
  );
}

function DayLink({ day, outcome }: { day: Day; outcome: Outcome }) {
  const { from, until } = day;
  if (day[outcome] === 0) return 0;
  return (
    <TextLink {...paths.enrollments({ outcome, from, until })} underline="always">
      {formatCount(day[outcome])}
    </TextLink>
  );
}

/** Some clocks skip midnight, so the name of a day is that of its noon. */
function dayText(from: string, form: Intl.DateTimeFormatOptions): string {
  return new Date(Date.parse(from) + 12 * 3_600_000).toLocaleDateString(undefined, form);
}
