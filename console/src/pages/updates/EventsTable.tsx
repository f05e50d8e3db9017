import { Button } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./UpdatesPage.module.css";
import { updateEventsQuery } from "./update-queries.ts";

const SHOWN_FIRST = 8;

export function EventsTable() {
  const { data } = useSuspenseQuery(updateEventsQuery);
  const [isAll, setAll] = useState(false);
  if (data.items.length === 0) return <p className={classes.dimmed}>Nothing has been changed yet.</p>;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it */}
      <section className={classes.scroller} aria-label="Changes" tabIndex={0}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">User</th>
              <th scope="col">Ring</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {data.items.slice(0, isAll ? undefined : SHOWN_FIRST).map(({ id, at, actor, ring, summary }) => (
              <tr key={id}>
                <td>
                  <RelativeTime at={at} />
                </td>
                <td>{actor}</td>
                <td>{ring}</td>
                <td>{summary}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {!isAll && data.items.length > SHOWN_FIRST && (
        <Button variant="subtle" color="gray" size="compact-sm" mt={8} onClick={() => setAll(true)}>
          Show more
        </Button>
      )}
    </>
  );
}
