// The audit events of one object, newest first. A row shows what the event changed.

import { auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import { type AuditEvent, HISTORIES } from "@attacklens/protocol/audit-events.ts";
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { problemOf } from "../api.ts";
import { apiListQuery } from "../queries.ts";
import { Notice } from "../ui/Notice.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { AuditActor } from "./AuditActor.tsx";
import { EventChanges } from "./EventChanges.tsx";
import classes from "./HistoryTable.module.css";

interface HistoryOf {
  type: keyof typeof HISTORIES;
  id: string;
}

export function HistoryTable({ type, id }: HistoryOf) {
  const history = HISTORIES[type] as typeof HISTORIES.sensor;
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    apiListQuery(history, { params: { id } }),
  );
  const events = (data?.pages.flatMap((page) => page.items) ?? []) as AuditEvent[];
  if (error && !data) return <Notice kind="danger">{problemOf(error).detail}</Notice>;
  if (!data) return <p className={classes.quiet}>Loading…</p>;
  const hasAddresses = events.some(({ withheld }) => !withheld);
  return (
    <>
      {!hasAddresses && (
        <p className={classes.quiet}>
          Addresses, and the settings of tokens and API keys, are shown to Admins.
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it */}
      <section className={classes.scroller} aria-label="History" tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Action</th>
              <th scope="col">Actor</th>
              {hasAddresses && <th scope="col">Address</th>}
            </tr>
          </thead>
          {events.map((event) => (
            <tbody key={event.id}>
              <tr>
                <td>
                  <RelativeTime at={event.at} />
                </td>
                <td>{auditActionWords(event.action)}</td>
                <td>
                  <AuditActor actor={event.actor} />
                </td>
                {hasAddresses && <td>{event.address ?? "–"}</td>}
              </tr>
              <tr className={classes.changes}>
                <td />
                <td colSpan={hasAddresses ? 3 : 2}>
                  <EventChanges event={event} />
                </td>
              </tr>
            </tbody>
          ))}
        </table>
      </section>
      {hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
          Show more
        </Button>
      )}
    </>
  );
}
