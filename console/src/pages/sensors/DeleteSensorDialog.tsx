import { deleteSensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import { sensorQuery } from "./sensor-queries.ts";
import type { AnySensor } from "./sensor-words.ts";

export function DeleteSensorDialog({ sensor, onDeleted, onClose }: DeleteSensorDialogProps) {
  const queryClient = useQueryClient();
  const { data: details } = useQuery(sensorQuery(sensor.id));
  const replaced = details?.replaces ?? [];
  async function remove() {
    await callApi(deleteSensor, { params: { id: sensor.id } });
    await onDeleted?.();
    await refresh(queryClient, "sensors", "assets");
    notifications.show({ message: `Sensor “${sensor.hostname}” is deleted. Its asset is kept.` });
  }
  return (
    <ConfirmDialog
      title="Delete sensor?"
      action="Delete sensor"
      onConfirm={remove}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
    >
      <strong>{sensor.hostname}</strong> and its data are deleted
      {replaced.length > 0 && (
        <>
          {" "}
          together with {countOf(replaced.length, "sensor that it replaced", "sensors that it replaced")} (
          {replaced.map((one) => one.sensor.name).join(", ")})
        </>
      )}
      . The sensor program on the host must enroll again to come back. The asset{" "}
      <strong>{sensor.asset.name}</strong> is kept.
    </ConfirmDialog>
  );
}

interface DeleteSensorDialogProps {
  sensor: AnySensor;
  onDeleted: (() => Promise<void>) | undefined;
  onClose: () => void;
}
