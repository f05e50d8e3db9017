import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./MatchesTable.module.css";
import { evidenceText } from "./match-words.ts";

/** Sensors beside the silent ones that they look like, with the evidence in one line. */
export function MatchesTable({ sensors }: { sensors: Sensor[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.scroller} aria-label="Pairs" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Sensor</th>
            <th scope="col">Looks like</th>
            <th scope="col">Silent since</th>
            <th scope="col">Evidence</th>
          </tr>
        </thead>
        <tbody>
          {sensors.map(
            ({ id, hostname, match }) =>
              match && (
                <tr key={id}>
                  <td>{hostname}</td>
                  <td>{match.sensor.name}</td>
                  <td>
                    <RelativeTime at={match.lastSeenAt} />
                  </td>
                  <td>{evidenceText(match)}</td>
                </tr>
              ),
          )}
        </tbody>
      </table>
    </section>
  );
}
