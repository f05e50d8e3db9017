import { deleteSensor, getSensor, type Sensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { apiQuery, refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";

export function DeleteSensorDialog({ sensor, onDeleted, onClose }: DeleteSensorDialogProps) {
  const queryClient = useQueryClient();
  const { data: whole } = useQuery(apiQuery(getSensor, { params: { id: sensor.id } }));
  const replaced = whole?.replaces ?? [];
  async function remove() {
    await callApi(deleteSensor, { params: { id: sensor.id } });
    await onDeleted?.();
    await refresh(queryClient, "sensors", "assets");
    notifications.show({ message: `Sensor “${sensor.hostname}” is deleted: its asset stays.` });
  }
  return (
    <ConfirmDialog
      title="Delete sensor?"
      action="Delete sensor"
      onConfirm={remove}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
    >
      <strong>{sensor.hostname}</strong> and what it reported are removed here
      {replaced.length > 0 && (
        <>
          , and so {replaced.length === 1 ? "is" : "are"}{" "}
          {countOf(replaced.length, "sensor that it replaced", "sensors that it replaced")} (
          {replaced.map((one) => one.sensor.name).join(", ")})
        </>
      )}
      . The program on the machine is told that it is no longer known; it has to enroll again to come back.
      The asset {sensor.asset.name} stays.
    </ConfirmDialog>
  );
}

interface DeleteSensorDialogProps {
  sensor: Sensor;
  onDeleted: (() => Promise<void>) | undefined;
  onClose: () => void;
}
