import {
  blockSensor,
  deleteSensor,
  dismissMatch,
  mergeSensor,
  type Sensor,
  unblockSensor,
  undoMerge,
} from "@attacklens/protocol/sensors.ts";
import { useQueryClient } from "@tanstack/react-query";
import { callApi } from "../../api.ts";
import { type BulkAction, BulkActions } from "../../components/BulkActions.tsx";
import { refresh } from "../../queries.ts";
import { countOf } from "../../ui/numbers.ts";
import { MatchesTable } from "./MatchesTable.tsx";

/** Each with the sensor that it looks like itself. */
const pairOf = ({ id, match }: Sensor) => ({
  params: { id },
  body: { predecessorId: match?.sensor.id ?? "" },
});

const ACTIONS: BulkAction<Sensor>[] = [
  {
    verb: "Merge",
    done: "merged",
    isFor: (sensor) => sensor.match !== null,
    can: (sensor) => sensor.can.merge,
    run: (sensor) => callApi(mergeSensor, pairOf(sensor)),
    phrase: (count) => `Merge ${countOf(count, "pair")}`,
    rowsAs: (sensors) => <MatchesTable sensors={sensors} />,
    consequence: () =>
      "Each sensor goes on with the history and the asset of the silent one that it looks like; its own asset is merged into that one, and the silent one is listed as Replaced. A merge is undone by Separate, and by itself when the silent sensor is heard again.",
  },
  {
    verb: "Keep both",
    done: "kept apart",
    isFor: (sensor) => sensor.match !== null,
    can: (sensor) => sensor.can.dismissMatch,
    run: (sensor) => callApi(dismissMatch, pairOf(sensor)),
    phrase: (count) => `Keep both of ${countOf(count, "pair")}`,
    rowsAs: (sensors) => <MatchesTable sensors={sensors} />,
    consequence: () =>
      "They stay two sensors, each with its own history and asset. The two of a pair are not compared again: merging them is not offered any more.",
  },
  {
    verb: "Separate",
    done: "separated",
    isFor: (sensor) => sensor.replacedBy !== null,
    can: (sensor) => sensor.can.undoMerge,
    run: (sensor) => callApi(undoMerge, { params: { id: sensor.id } }),
    consequence: () =>
      "They are listed again, each with its history and its asset. The sensors that replaced them go on with their own history and the assets that they had before. They are not compared again: merging them is not offered any more.",
  },
  {
    verb: "Block",
    done: "blocked",
    can: (sensor) => sensor.can.block,
    run: (sensor) => callApi(blockSensor, { params: { id: sensor.id } }),
    consequence: () => "Their requests are refused from now on. What they reported stays.",
    isDanger: true,
  },
  {
    verb: "Unblock",
    done: "unblocked",
    can: (sensor) => sensor.can.unblock,
    run: (sensor) => callApi(unblockSensor, { params: { id: sensor.id } }),
    consequence: () => "Their requests are accepted again.",
  },
  {
    verb: "Delete",
    done: "deleted",
    can: (sensor) => sensor.can.delete,
    run: (sensor) => callApi(deleteSensor, { params: { id: sensor.id } }),
    consequence: () =>
      "They and what they reported are removed here, and so are the sensors that they replaced; the programs have to enroll again to come back. Their assets stay.",
    isDanger: true,
  },
];

export function SensorBulk({ sensors, onClear }: { sensors: Sensor[]; onClear: () => void }) {
  const queryClient = useQueryClient();
  return (
    <BulkActions
      rows={sensors}
      noun="sensor"
      nameOf={(sensor) => sensor.hostname}
      actions={ACTIONS}
      onDone={() => refresh(queryClient, "sensors", "assets")}
      onClear={onClear}
    />
  );
}
