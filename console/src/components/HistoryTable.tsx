// The audit events of one object, newest first. A row shows what the event changed.
import { auditActionWords } from "@attacklens/protocol/audit-actions.ts";
import { type AuditEvent, HISTORIES } from "@attacklens/protocol/audit-events.ts";
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { problemOf } from "../api.ts";
import { apiListQuery } from "../queries.ts";
import { Notice } from "../ui/Notice.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { type SmallColumn, SmallTable } from "../ui/SmallTable.tsx";
import { AuditActor } from "./AuditActor.tsx";
import { EventChanges } from "./EventChanges.tsx";

/** The query of an object's history. */
export function historyOf(type: keyof typeof HISTORIES, id: string) {
  return apiListQuery(HISTORIES[type] as typeof HISTORIES.sensor, { params: { id } });
}

interface HistoryTableProps {
  query: Pick<ReturnType<typeof historyOf>, "queryKey" | "queryFn" | "initialPageParam" | "getNextPageParam">;
  /** The events are about several objects. */
  withObjects?: boolean;
}

const TIME: SmallColumn<AuditEvent> = {
  label: "Time",
  width: "120px",
  cell: ({ at }) => <RelativeTime at={at} />,
};
const ACTION: SmallColumn<AuditEvent> = {
  label: "Action",
  width: "34%",
  cell: ({ action }) => auditActionWords(action),
};
const OBJECT: SmallColumn<AuditEvent> = { label: "Object", cell: ({ entity }) => entity.name };
const ACTOR: SmallColumn<AuditEvent> = { label: "Actor", cell: ({ actor }) => <AuditActor actor={actor} /> };
const ADDRESS: SmallColumn<AuditEvent> = { label: "Address", cell: ({ address }) => address ?? "–" };

export function HistoryTable({ query, withObjects = false }: HistoryTableProps) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(query);
  const events = (data?.pages.flatMap((page) => page.items) ?? []) as AuditEvent[];
  if (error && !data) return <Notice kind="danger">{problemOf(error).detail}</Notice>;
  if (!data) return <p className="quiet">Loading…</p>;
  if (events.length === 0) return <p className="quiet">Nothing has been changed yet.</p>;
  const hasAddresses = events.some(({ withheld }) => !withheld);
  return (
    <>
      {!hasAddresses && (
        <p className="quiet">Addresses, and the settings of tokens and API keys, are shown to Admins.</p>
      )}
      <SmallTable
        label="History"
        columns={[TIME, ACTION, ...(withObjects ? [OBJECT] : []), ACTOR, ...(hasAddresses ? [ADDRESS] : [])]}
        rows={events}
        rowId={(event) => event.id}
        detail={(event) => <EventChanges event={event} />}
      />
      {hasNextPage && (
        <Button variant="default" mt="sm" onClick={() => void fetchNextPage()} loading={isFetchingNextPage}>
          Show more
        </Button>
      )}
    </>
  );
}
