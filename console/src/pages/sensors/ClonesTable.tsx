import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { getSensor } from "@attacklens/protocol/sensors.ts";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./CollectionTable.module.css";

const FACT_NAMES: Record<string, string> = {
  "machine-id": "machine id",
  "product-uuid": "product UUID",
  "serial-number": "serial number",
  "cloud-instance-id": "cloud instance id",
  "mac-address": "MAC addresses",
};

/** Hosts that also ran with the key of this sensor, and the sensors that they became. */
export function ClonesTable({ clones }: { clones: RouteOutput<typeof getSensor>["clones"] }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Host</th>
          <th scope="col">Address</th>
          <th scope="col">First seen</th>
          <th scope="col">Differs in</th>
          <th scope="col">Result</th>
        </tr>
      </thead>
      <tbody>
        {clones.map(({ hostname, address, firstSeenAt, differs, sensor }) => (
          <tr key={`${firstSeenAt} ${address}`}>
            <td>{hostname}</td>
            <td>{address}</td>
            <td>
              <RelativeTime at={firstSeenAt} />
            </td>
            <td>{differs.map((kind) => FACT_NAMES[kind] ?? kind).join(", ") || "No reported fact"}</td>
            <td>
              {sensor ? <TextLink {...paths.sensor(sensor.id)}>{sensor.name}</TextLink> : "Not enrolled"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
