import { dismissMatch } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { exactTime } from "../../ui/time.ts";
import type { ListedMatch } from "./match-words.ts";
import type { AnySensor } from "./sensor-words.ts";

/** Keeps a sensor and its possible duplicate as two sensors. */
export function DismissMatchDialog({ sensor, match, onClose }: DismissMatchDialogProps) {
  const queryClient = useQueryClient();
  const other = match.sensor;
  async function dismiss() {
    await callApi(dismissMatch, { params: { id: sensor.id }, body: { predecessorId: other.id } });
    await refresh(queryClient, "sensors");
    notifications.show({
      message: `“${sensor.hostname}” is no longer listed as a possible duplicate of “${other.name}”.`,
    });
  }
  return (
    <ConfirmDialog
      title="Dismiss possible duplicate?"
      action="Dismiss"
      onConfirm={dismiss}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isSafe
    >
      <p>
        <strong>{sensor.hostname}</strong> (enrolled {exactTime(sensor.enrolledAt)}) and{" "}
        <strong>{other.name}</strong> (last seen {exactTime(match.lastSeenAt)}) remain two sensors. Each keeps
        its own history and asset.
      </p>
      <p>The console does not suggest merging them again.</p>
    </ConfirmDialog>
  );
}

interface DismissMatchDialogProps {
  sensor: AnySensor;
  match: ListedMatch;
  onClose: () => void;
}
