// The status of the fleet, items that need attention, and recent enrollments.
import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { listEnrollmentTokens, TOKEN_WARNINGS } from "@attacklens/protocol/enrollment-tokens.ts";
import { countSensors } from "@attacklens/protocol/sensor-counts.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ButtonLink, TextLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { SENSOR_STATUS_LOOKS, SensorStatusMark } from "../../components/statuses.tsx";
import { REFUSAL_LABELS, WARNING_LABELS } from "../../components/token-words.ts";
import { paths } from "../../paths.ts";
import { apiQuery, refreshMs } from "../../queries.ts";
import { formatCount } from "../../ui/numbers.ts";
import { PageBody } from "../../ui/PageBody.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Status } from "../../ui/Status.tsx";
import classes from "./OverviewPage.module.css";

const SHOWN = 5;
const STATUSES_SHOWN = ["online", "pending", "offline", "awaiting-approval", "blocked"] as const;

export function OverviewPage() {
  return (
    <>
      <PageHeader
        title="Overview"
        description="Fleet status, items that need attention, and recent enrollments."
        action={<ButtonLink {...paths.enrollmentTokenNew()}>Create Token</ButtonLink>}
      />
      <PageBody>
        <div className={classes.counts}>
          <StatusCounts />
        </div>
        <div className={classes.columns}>
          <AwaitingApproval />
          <PossibleDuplicates />
          <TokensNeedingAttention />
          <RecentRefusals />
          <RecentEnrollments />
        </div>
      </PageBody>
    </>
  );
}

function StatusCounts() {
  const { data } = useQuery({ ...apiQuery(countSensors, {}), refetchInterval: refreshMs });
  return STATUSES_SHOWN.map((status) => {
    const count = data?.byStatus.find((one) => one.status === status);
    return (
      <TextLink
        key={status}
        {...paths.sensors({ status })}
        className={classes.count}
        underline="never"
        c="inherit"
      >
        <span className={classes.number}>{count ? formatCount(count.sensors) : "–"}</span>
        <Status color={SENSOR_STATUS_LOOKS[status].color}>{SENSOR_STATUS_LOOKS[status].label}</Status>
      </TextLink>
    );
  });
}

function AwaitingApproval() {
  const query = { status: "awaiting-approval", sort: "enrolledAt", order: "desc", limit: SHOWN } as const;
  const { data } = useQuery({ ...apiQuery(listSensors, { query }), refetchInterval: refreshMs });
  return (
    <Panel
      title="Awaiting approval"
      empty="Nothing is waiting for approval."
      total={data?.total}
      more={<TextLink {...paths.sensors({ status: "awaiting-approval" })}>Show all</TextLink>}
    >
      {data?.items.map((sensor) => (
        <li key={sensor.id}>
          <TextLink {...paths.sensor(sensor.id)}>{sensor.hostname}</TextLink>
          <span className="quiet">
            {sensor.address} · <RelativeTime at={sensor.enrolledAt} />
          </span>
        </li>
      ))}
    </Panel>
  );
}

function PossibleDuplicates() {
  const query = { match: "any", sort: "enrolledAt", order: "desc", limit: SHOWN } as const;
  const { data } = useQuery({ ...apiQuery(listSensors, { query }), refetchInterval: refreshMs });
  return (
    <Panel
      title="Possible duplicates"
      empty="There are no possible duplicates."
      total={data?.total}
      more={<TextLink {...paths.sensors({ match: "any" })}>Show all</TextLink>}
    >
      {data?.items.map((sensor) => (
        <li key={sensor.id}>
          <TextLink {...paths.sensor(sensor.id)}>{sensor.hostname}</TextLink>
          {sensor.match && (
            <span className={`${classes.match} quiet`}>
              <span className={classes.clipped}>matches {sensor.match.sensor.name}</span>
              <span className={classes.whole}>
                last seen <RelativeTime at={sensor.match.lastSeenAt} />
              </span>
            </span>
          )}
        </li>
      ))}
    </Panel>
  );
}

function TokensNeedingAttention() {
  const query = { warning: "any", limit: SHOWN } as const;
  const { data } = useQuery({ ...apiQuery(listEnrollmentTokens, { query }), refetchInterval: refreshMs });
  return (
    <Panel
      title="Tokens needing attention"
      empty="No tokens expire soon, are nearly used up, unused, or without expiry."
      total={data?.total}
      more={<TextLink {...paths.enrollmentTokens({ warning: "any" })}>Show all</TextLink>}
    >
      {data?.items.map((token) => (
        <li key={token.id}>
          <TextLink {...paths.enrollmentToken(token.id)}>{token.name}</TextLink>
          <span className="quiet">
            {TOKEN_WARNINGS.filter((warning) => token.warnings.includes(warning))
              .map((warning) => WARNING_LABELS[warning])
              .join(", ")}
          </span>
        </li>
      ))}
    </Panel>
  );
}

function RecentRefusals() {
  const query = { outcome: "refused", limit: SHOWN } as const;
  const { data } = useQuery({ ...apiQuery(listEnrollmentAttempts, { query }), refetchInterval: refreshMs });
  return (
    <Panel title="Recent refusals" empty="No enrollments were refused." total={data?.total}>
      {data?.items.map((attempt) => (
        <li key={attempt.id}>
          {attempt.enrollmentToken.deleted ? (
            attempt.hostname
          ) : (
            <TextLink {...paths.enrollmentToken(attempt.enrollmentToken.id)}>{attempt.hostname}</TextLink>
          )}
          <span className="quiet">
            {attempt.reason && REFUSAL_LABELS[attempt.reason]} · <RelativeTime at={attempt.at} />
          </span>
        </li>
      ))}
    </Panel>
  );
}

function RecentEnrollments() {
  const query = { sort: "enrolledAt", order: "desc", limit: SHOWN } as const;
  const { data } = useQuery({ ...apiQuery(listSensors, { query }), refetchInterval: refreshMs });
  return (
    <Panel
      title="Recent enrollments"
      empty="No sensors have enrolled yet. Create an Enrollment Token to begin."
      total={data?.total}
      more={<TextLink {...paths.sensors({ sort: "enrolledAt", order: "desc" })}>Show all</TextLink>}
    >
      {data?.items.map((sensor) => (
        <li key={sensor.id}>
          <TextLink {...paths.sensor(sensor.id)}>{sensor.hostname}</TextLink>
          <span className={classes.end}>
            <SensorStatusMark status={sensor.status} />
            <span className="quiet">
              <RelativeTime at={sensor.enrolledAt} />
            </span>
          </span>
        </li>
      ))}
    </Panel>
  );
}

interface PanelProps {
  title: string;
  empty: string;
  /** Undefined while it loads. */
  total: number | undefined;
  more?: ReactNode;
  children: ReactNode;
}

function Panel({ title, empty, total, more, children }: PanelProps) {
  return (
    <section className={classes.panel} aria-label={title}>
      <div className={classes.heading}>
        <h2>{title}</h2>
        {total !== undefined && total > 0 && more}
      </div>
      {total === 0 ? <p className="quiet">{empty}</p> : <ul>{children}</ul>}
    </section>
  );
}
