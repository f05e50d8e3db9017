import { blockSensor, deleteSensor, type Sensor, unblockSensor } from "@attacklens/protocol/sensors.ts";
import { useQueryClient } from "@tanstack/react-query";
import { callApi } from "../../api.ts";
import { type BulkAction, BulkActions } from "../../components/BulkActions.tsx";
import { refresh } from "../../queries.ts";

const ACTIONS: BulkAction<Sensor>[] = [
  {
    verb: "Block",
    done: "blocked",
    can: (sensor) =>
      sensor.blockedAt === null ? sensor.can.block : { allowed: false, reason: "It is blocked already" },
    run: (sensor) => callApi(blockSensor, { params: { id: sensor.id } }),
    consequence: () => "Their requests are refused from now on. What they reported stays.",
    isDanger: true,
  },
  {
    verb: "Unblock",
    done: "unblocked",
    can: (sensor) =>
      sensor.blockedAt === null ? { allowed: false, reason: "It is not blocked" } : sensor.can.unblock,
    run: (sensor) => callApi(unblockSensor, { params: { id: sensor.id } }),
    consequence: () => "Their requests are accepted again.",
  },
  {
    verb: "Delete",
    done: "deleted",
    can: (sensor) => sensor.can.delete,
    run: (sensor) => callApi(deleteSensor, { params: { id: sensor.id } }),
    consequence: () =>
      "They and what they reported are removed here; the programs have to enroll again to come back. Their assets stay.",
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
