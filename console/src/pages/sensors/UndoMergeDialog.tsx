import { type Sensor, undoMerge } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";

/** Undoes a merge. */
export function UndoMergeDialog({ sensor, successor, onClose }: UndoMergeDialogProps) {
  const queryClient = useQueryClient();
  async function undo() {
    await callApi(undoMerge, { params: { id: sensor.id } });
    await refresh(queryClient, "sensors", "assets");
    notifications.show({
      message: `Sensors “${sensor.hostname}” and “${successor.name}” have their own history and asset again.`,
    });
  }
  return (
    <ConfirmDialog
      title={`Separate from ${successor.name}?`}
      action="Separate"
      onConfirm={undo}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isSafe
    >
      <p>
        <strong>{sensor.hostname}</strong> is listed again, with its history and the asset{" "}
        <strong>{sensor.asset.name}</strong>. <strong>{successor.name}</strong>, which replaced it, goes on
        with its own history and the asset that it had before.
      </p>
      <p>The two are not compared again: merging them is not offered any more.</p>
    </ConfirmDialog>
  );
}

interface UndoMergeDialogProps {
  sensor: Sensor;
  successor: { id: string; name: string };
  onClose: () => void;
}
