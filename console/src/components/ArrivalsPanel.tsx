// What arrives for a token while the page is open: hosts that enroll, their first inventory, and refusals
// with their fix. The server counts; the panel never holds more rows than it shows.
import { type Arrivals, listArrivals, MAX_LISTED_REFUSALS } from "@attacklens/protocol/arrivals.ts";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { use } from "react";
import { problemOf } from "../api.ts";
import { apiQuery, refreshMs, tokenQuery } from "../queries.ts";
import { Notice } from "../ui/Notice.tsx";
import { countOf, formatCount } from "../ui/numbers.ts";
import { Section } from "../ui/Section.tsx";
import { exactTime } from "../ui/time.ts";
import { useCalm } from "../ui/use-calm.ts";
import classes from "./ArrivalsPanel.module.css";
import { ArrivedHostRow } from "./ArrivedHostRow.tsx";
import { arrivalsSummary, arrivedHosts } from "./arrivals.ts";
import { type Opening, OpeningContext, OpeningScope } from "./OpeningScope.tsx";
import { RefusedHostRow } from "./RefusedHostRow.tsx";

const MAX_ROWS = 50;
/** A screen reader reads a new summary at most this often. */
const ANNOUNCE_MS = 10_000;

/**
 * Shows the hosts of the token from the moment on at which the page was opened. Inside an `OpeningScope` of
 * the token, it is the moment of the scope.
 */
export function ArrivalsPanel({ tokenId }: { tokenId: string }) {
  const opening = use(OpeningContext);
  if (opening?.tokenId === tokenId) return <Panel opening={opening} />;
  return (
    <OpeningScope key={tokenId} tokenId={tokenId}>
      <ArrivalsPanel tokenId={tokenId} />
    </OpeningScope>
  );
}

function Panel({ opening: { tokenId, since, restart } }: { opening: Opening }) {
  const { data, dataUpdatedAt, error } = useQuery({
    ...apiQuery(listArrivals, {
      params: { id: tokenId },
      query: { limit: MAX_ROWS, ...(since && { since }) },
    }),
    enabled: since !== undefined,
    refetchInterval: refreshMs,
  });
  const isAnything = data !== undefined && hasRows(data);
  return (
    <Section
      title="Arrivals"
      text={
        since === undefined
          ? "Connecting to the server…"
          : `Hosts that use this token since you opened this page (${exactTime(since)}).`
      }
    >
      {error && (
        <Notice kind="warning">
          This list is not up to date. {problemOf(error).detail} Retrying every few seconds.
        </Notice>
      )}
      {since !== undefined && !isAnything && (
        <p className={classes.waiting}>
          Waiting for the first host. It appears here as soon as it enrolls or is refused.
        </p>
      )}
      {isAnything && (
        <Listing tokenId={tokenId} arrivals={data} receivedAt={dataUpdatedAt} onRestart={restart} />
      )}
    </Section>
  );
}

function hasRows({ counts, reEnrolled }: Arrivals): boolean {
  return counts.enrolled > 0 || counts.refused > 0 || reEnrolled.length > 0;
}

interface ListingProps {
  tokenId: string;
  arrivals: Arrivals;
  /** By the browser's clock. */
  receivedAt: number;
  onRestart: () => Promise<void>;
}

function Listing({ tokenId, arrivals, receivedAt, onRestart }: ListingProps) {
  const { data: token } = useQuery(tokenQuery(tokenId));
  const { counts, refusals, at } = arrivals;
  const clock = { at, receivedAt };
  const hosts = arrivedHosts(arrivals, MAX_ROWS);
  const summary = arrivalsSummary(arrivals);
  const announced = useCalm(summary, ANNOUNCE_MS);
  const hidden = counts.enrolled + arrivals.reEnrolled.length - hosts.length;
  return (
    <>
      <div className={classes.head}>
        <span className={classes.summary}>{summary}</span>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          flex="none"
          onClick={() => void onRestart().catch(() => {})}
        >
          Clear
        </Button>
      </div>
      <div className="visually-hidden" role="status">
        {announced}
      </div>
      {refusals.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
        <ul className={classes.rows} aria-label="Refused hosts" tabIndex={0}>
          {refusals.map((attempt) => (
            <RefusedHostRow key={attempt.id} attempt={attempt} token={token} clock={clock} />
          ))}
        </ul>
      )}
      {counts.refused > refusals.length && (
        <p className={classes.more}>
          The latest {MAX_LISTED_REFUSALS} of {countOf(counts.refused, "refused host")} are shown.
        </p>
      )}
      {hosts.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
        <ul className={classes.rows} aria-label="Enrolled hosts" tabIndex={0}>
          {hosts.map((host) => (
            <ArrivedHostRow key={host.key} host={host} clock={clock} />
          ))}
        </ul>
      )}
      {hidden > 0 && (
        <p className={classes.more}>
          The latest {formatCount(hosts.length)} of {countOf(counts.enrolled, "enrolled host")} are shown.
        </p>
      )}
    </>
  );
}
