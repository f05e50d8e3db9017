import { dismissMatch, type Sensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { exactTime } from "../../ui/time.ts";
import type { SensorMatch } from "./match-words.ts";

/** Decides that a sensor is not the silent one that it looks like. */
export function DismissMatchDialog({ sensor, match, onClose }: DismissMatchDialogProps) {
  const queryClient = useQueryClient();
  const earlier = match.sensor;
  async function dismiss() {
    await callApi(dismissMatch, { params: { id: sensor.id }, body: { predecessorId: earlier.id } });
    await refresh(queryClient, "sensors");
    notifications.show({ message: `Sensors “${sensor.hostname}” and “${earlier.name}” are both kept.` });
  }
  return (
    <ConfirmDialog
      title="Keep both sensors?"
      action="Keep both"
      onConfirm={dismiss}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isSafe
    >
      <p>
        <strong>{sensor.hostname}</strong>, enrolled {exactTime(sensor.enrolledAt)}, and{" "}
        <strong>{earlier.name}</strong>, silent since {exactTime(match.lastSeenAt)}, stay two sensors, each
        with its own history and asset.
      </p>
      <p>The two are not compared again: merging them is not offered any more.</p>
    </ConfirmDialog>
  );
}

interface DismissMatchDialogProps {
  sensor: Sensor;
  match: SensorMatch;
  onClose: () => void;
}
