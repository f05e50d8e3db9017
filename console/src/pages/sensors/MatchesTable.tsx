import type { ListedSensor } from "@attacklens/protocol/sensors.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { type SmallColumn, SmallTable } from "../../ui/SmallTable.tsx";
import { evidenceText, type ListedMatch } from "./match-words.ts";

type MatchedSensor = ListedSensor & { match: ListedMatch };

const COLUMNS: readonly SmallColumn<MatchedSensor>[] = [
  { label: "Sensor", cell: ({ hostname }) => hostname },
  { label: "Possible duplicate of", cell: ({ match }) => match.sensor.name },
  { label: "Last seen", cell: ({ match }) => <RelativeTime at={match.lastSeenAt} /> },
  { label: "Evidence", cell: ({ match }) => evidenceText(match) },
];

/** Sensors and the sensors that they are possible duplicates of, with the evidence in one line. */
export function MatchesTable({ sensors }: { sensors: ListedSensor[] }) {
  const matched = sensors.filter((sensor): sensor is MatchedSensor => Boolean(sensor.match));
  return <SmallTable label="Pairs" columns={COLUMNS} rows={matched} rowId={({ id }) => id} maxHeight={264} />;
}
