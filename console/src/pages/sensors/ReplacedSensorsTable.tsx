import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { getSensor } from "@attacklens/protocol/sensors.ts";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { exactTime } from "../../ui/time.ts";
import classes from "./CollectionTable.module.css";

/** The sensors that this one replaced, the latest first. */
export function ReplacedSensorsTable({ replaces }: { replaces: RouteOutput<typeof getSensor>["replaces"] }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Sensor</th>
          <th scope="col">Enrolled</th>
          <th scope="col">Last seen</th>
          <th scope="col">Replaced</th>
          <th scope="col">Replaced by</th>
        </tr>
      </thead>
      <tbody>
        {replaces.map(({ sensor, enrolledAt, lastSeenAt, replacedAt, replacedBy }) => (
          <tr key={sensor.id}>
            <td>
              <TextLink {...paths.sensor(sensor.id)}>{sensor.name}</TextLink>
            </td>
            <td>{exactTime(enrolledAt)}</td>
            <td>{exactTime(lastSeenAt)}</td>
            <td>{exactTime(replacedAt)}</td>
            <td>{replacedBy ?? "Token setting"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
