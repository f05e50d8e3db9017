import { undoMerge } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { AnySensor } from "./sensor-words.ts";

export function UndoMergeDialog({ sensor, successor, onClose }: UndoMergeDialogProps) {
  const queryClient = useQueryClient();
  async function undo() {
    await callApi(undoMerge, { params: { id: sensor.id } });
    await refresh(queryClient, "sensors", "assets");
    notifications.show({
      message: `“${sensor.hostname}” and “${successor.name}” have their own history and asset again.`,
    });
  }
  return (
    <ConfirmDialog
      title={`Undo merge with ${successor.name}?`}
      action="Undo merge"
      onConfirm={undo}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isSafe
    >
      <p>
        <strong>{sensor.hostname}</strong> gets its history and the asset <strong>{sensor.asset.name}</strong>{" "}
        back. <strong>{successor.name}</strong>, which replaced it, keeps its own history and gets its
        previous asset back.
      </p>
      <p>The console does not suggest merging them again.</p>
    </ConfirmDialog>
  );
}

interface UndoMergeDialogProps {
  sensor: AnySensor;
  successor: { id: string; name: string };
  onClose: () => void;
}
