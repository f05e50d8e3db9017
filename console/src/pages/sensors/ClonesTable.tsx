import type { RouteOutput } from "@attacklens/protocol/route.ts";
import type { getSensor } from "@attacklens/protocol/sensors.ts";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";

const FACT_NAMES: Record<string, string> = {
  "machine-id": "machine id",
  "product-uuid": "product UUID",
  "serial-number": "serial number",
  "cloud-instance-id": "cloud instance id",
  "mac-address": "MAC addresses",
};

type Clone = RouteOutput<typeof getSensor>["clones"][number];

const COLUMNS: readonly SmallColumn<Clone>[] = [
  { label: "Host", cell: ({ hostname }) => hostname },
  { label: "Address", cell: ({ address }) => address },
  { label: "First seen", cell: ({ firstSeenAt }) => <RelativeTime at={firstSeenAt} /> },
  {
    label: "Differs in",
    cell: ({ differs }) => differs.map((kind) => FACT_NAMES[kind] ?? kind).join(", ") || "No reported fact",
  },
  {
    label: "Result",
    cell: ({ sensor }) =>
      sensor ? <TextLink {...paths.sensor(sensor.id)}>{sensor.name}</TextLink> : "Not enrolled",
  },
];

/** Hosts that also ran with the key of this sensor, and the sensors that they became. */
export function ClonesTable({ clones }: { clones: readonly Clone[] }) {
  return (
    <SmallTable
      label="Cloned hosts"
      columns={COLUMNS}
      rows={clones}
      rowId={({ firstSeenAt, address }) => `${firstSeenAt} ${address}`}
    />
  );
}
