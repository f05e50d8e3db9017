import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./MatchesTable.module.css";
import { evidenceText } from "./match-words.ts";

/** Sensors and the sensors that they are possible duplicates of, with the evidence in one line. */
export function MatchesTable({ sensors }: { sensors: Sensor[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
    <section className={classes.scroller} aria-label="Pairs" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Sensor</th>
            <th scope="col">Possible duplicate of</th>
            <th scope="col">Last seen</th>
            <th scope="col">Evidence</th>
          </tr>
        </thead>
        <tbody>
          {sensors.map(
            ({ id, hostname, match }) =>
              match && (
                <tr key={id}>
                  <td>{hostname}</td>
                  <td data-label="Duplicate of">{match.sensor.name}</td>
                  <td data-label="Last seen">
                    <RelativeTime at={match.lastSeenAt} />
                  </td>
                  <td data-label="Evidence">{evidenceText(match)}</td>
                </tr>
              ),
          )}
        </tbody>
      </table>
    </section>
  );
}
