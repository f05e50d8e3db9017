import type { UpdateEvent } from "@attacklens/protocol/update-rings.ts";
import { Button } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { updateEventsQuery } from "./update-queries.ts";

const SHOWN_FIRST = 8;

const COLUMNS: readonly SmallColumn<UpdateEvent>[] = [
  { label: "Time", width: "120px", cell: ({ at }) => <RelativeTime at={at} /> },
  { label: "Change", cell: ({ summary }) => summary },
  { label: "Ring", width: "20%", cell: ({ ring }) => ring },
  { label: "User", width: "20%", cell: ({ actor }) => actor },
];

export function EventsTable() {
  const { data } = useSuspenseQuery(updateEventsQuery);
  const [isAll, setAll] = useState(false);
  if (data.items.length === 0) return <p className="quiet">Nothing has been changed yet.</p>;
  return (
    <>
      <SmallTable
        label="Changes"
        columns={COLUMNS}
        rows={data.items.slice(0, isAll ? undefined : SHOWN_FIRST)}
        rowId={({ id }) => id}
      />
      {!isAll && data.items.length > SHOWN_FIRST && (
        <Button variant="default" mt="sm" onClick={() => setAll(true)}>
          Show more
        </Button>
      )}
    </>
  );
}
