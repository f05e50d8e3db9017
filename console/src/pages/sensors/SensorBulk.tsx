import { previewSensorAction, runSensorAction } from "@attacklens/protocol/sensor-actions.ts";
import {
  blockSensor,
  deleteSensor,
  dismissMatch,
  type ListedSensor,
  mergeSensor,
  unblockSensor,
  undoMerge,
} from "@attacklens/protocol/sensors.ts";
import { useQueryClient } from "@tanstack/react-query";
import { callApi } from "../../api.ts";
import { type BulkAction, BulkActions } from "../../components/BulkActions.tsx";
import { refresh } from "../../queries.ts";
import { countOf } from "../../ui/numbers.ts";
import { MatchesTable } from "./MatchesTable.tsx";
import { canDo } from "./sensor-words.ts";

/** The request that merges or dismisses a possible duplicate. */
const pairOf = ({ id, match }: ListedSensor) => ({
  params: { id },
  body: { predecessorId: match?.sensor.id ?? "" },
});

const ACTIONS: BulkAction<ListedSensor>[] = [
  {
    verb: "Merge",
    noun: "pair",
    done: "merged",
    isFor: (sensor) => sensor.match !== undefined,
    can: (sensor) => canDo(sensor, "merge"),
    run: (sensor) => callApi(mergeSensor, pairOf(sensor)),
    rowsAs: (sensors) => <MatchesTable sensors={sensors} />,
    consequence: () =>
      "Each sensor gets the history and the asset of its previous sensor. Its own asset is merged into that asset. The status of the previous sensor becomes Replaced. You can undo each merge. A merge is undone automatically if the previous sensor checks in again.",
  },
  {
    verb: "Dismiss",
    noun: "pair",
    done: "dismissed",
    isFor: (sensor) => sensor.match !== undefined,
    can: (sensor) => canDo(sensor, "dismissMatch"),
    run: (sensor) => callApi(dismissMatch, pairOf(sensor)),
    rowsAs: (sensors) => <MatchesTable sensors={sensors} />,
    consequence: () =>
      "They remain separate sensors, each with its own history and asset. The console does not suggest merging them again.",
  },
  {
    verb: "Undo merge",
    title: (count) => `Undo ${countOf(count, "merge")}`,
    noun: "merge",
    done: "undone",
    isFor: (sensor) => sensor.replacedBy !== undefined,
    can: (sensor) => canDo(sensor, "undoMerge"),
    run: (sensor) => callApi(undoMerge, { params: { id: sensor.id } }),
    consequence: () =>
      "The replaced sensors get their own history and assets back, and so do the sensors that replaced them. The console does not suggest merging them again.",
  },
  {
    verb: "Block",
    byFilter: { action: "block" },
    done: "blocked",
    can: (sensor) => canDo(sensor, "block"),
    run: (sensor) => callApi(blockSensor, { params: { id: sensor.id } }),
    consequence: () => "The server refuses their requests. Their data is kept. You can unblock them later.",
  },
  {
    verb: "Unblock",
    byFilter: { action: "unblock" },
    done: "unblocked",
    can: (sensor) => canDo(sensor, "unblock"),
    run: (sensor) => callApi(unblockSensor, { params: { id: sensor.id } }),
    consequence: () => "The server accepts their requests again.",
  },
  {
    verb: "Delete",
    byFilter: { action: "delete" },
    done: "deleted",
    can: (sensor) => canDo(sensor, "delete"),
    run: (sensor) => callApi(deleteSensor, { params: { id: sensor.id } }),
    consequence: () =>
      "The sensors, their data and the sensors that they replaced are deleted. The sensor programs must enroll again to come back. Their assets are kept.",
    isDanger: true,
  },
];

interface SensorBulkProps {
  sensors: ListedSensor[];
  /** Present: all sensors that match it, loaded or not. */
  filter: object | undefined;
  onClear: () => void;
}

export function SensorBulk({ sensors, filter, onClear }: SensorBulkProps) {
  const queryClient = useQueryClient();
  return (
    <BulkActions
      rows={sensors}
      matching={filter && { filter, preview: previewSensorAction, run: runSensorAction }}
      noun="sensor"
      nameOf={(sensor) => sensor.hostname}
      actions={ACTIONS}
      onDone={() => refresh(queryClient, "sensors", "assets")}
      onClear={onClear}
    />
  );
}
