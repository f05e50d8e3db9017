import { keepBothSensors, type Sensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { exactTime } from "../../ui/time.ts";
import type { Likeness } from "./reinstall-words.ts";

/** Decides that a sensor is not the silent one that it looks like. */
export function KeepBothDialog({ sensor, likeness, onClose }: KeepBothDialogProps) {
  const queryClient = useQueryClient();
  const earlier = likeness.sensor;
  async function keepBoth() {
    await callApi(keepBothSensors, { params: { id: sensor.id }, body: { predecessorId: earlier.id } });
    await refresh(queryClient, "sensors");
    notifications.show({ message: `Sensors “${sensor.hostname}” and “${earlier.name}” are both kept.` });
  }
  return (
    <ConfirmDialog
      title="Keep both sensors?"
      action="Keep both"
      onConfirm={keepBoth}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isSafe
    >
      <p>
        <strong>{sensor.hostname}</strong>, enrolled {exactTime(sensor.enrolledAt)}, and{" "}
        <strong>{earlier.name}</strong>, silent since {exactTime(likeness.lastSeenAt)}, stay two sensors, each
        with its own history and asset.
      </p>
      <p>The two are not compared again: merging them is not offered any more.</p>
    </ConfirmDialog>
  );
}

interface KeepBothDialogProps {
  sensor: Sensor;
  likeness: Likeness;
  onClose: () => void;
}
