import { mergeSensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { exactTime } from "../../ui/time.ts";
import { ComparedFacts } from "./ComparedFacts.tsx";
import classes from "./MergeSensorDialog.module.css";
import { evidenceText, type ListedMatch } from "./match-words.ts";
import { sensorQuery } from "./sensor-queries.ts";
import type { AnySensor } from "./sensor-words.ts";

/** Merges a re-imaged host with its previous sensor. The dialog shows the evidence. */
export function MergeSensorDialog({ sensor, match, onClose }: MergeSensorDialogProps) {
  const queryClient = useQueryClient();
  const previous = match.sensor;
  const { data: found, isPending } = useQuery(sensorQuery(previous.id));
  const { data: own, isPending: isOwnPending } = useQuery(sensorQuery(sensor.id));
  const facts = own?.match?.sensor.id === previous.id ? own.match : undefined;
  const asset = found?.asset;
  async function merge() {
    await callApi(mergeSensor, { params: { id: sensor.id }, body: { predecessorId: previous.id } });
    await refresh(queryClient, "sensors", "assets");
    notifications.show({
      message: `“${sensor.hostname}” has replaced “${previous.name}” and has its history.`,
    });
  }
  return (
    <ConfirmDialog
      title={`Merge with ${previous.name}?`}
      action="Merge"
      size={880}
      onConfirm={merge}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isDisabled={isPending || isOwnPending}
      isSafe
    >
      <strong>{sensor.hostname}</strong> (enrolled {exactTime(sensor.enrolledAt)}) takes over from{" "}
      <strong>{previous.name}</strong> (last seen {exactTime(match.lastSeenAt)}):
      <ul className={classes.outcome}>
        <li>
          It gets the history and the asset {asset && <strong>{asset.name}</strong>} of {previous.name}.{" "}
          {asset && asset.id !== sensor.asset.id && (
            <>
              Its own asset <strong>{sensor.asset.name}</strong> is merged into that asset, with its
              identifiers and tags.
            </>
          )}
        </li>
        <li>The status of {previous.name} becomes Replaced.</li>
        <li>
          You can undo the merge. It is undone automatically if {previous.name} checks in again. Both sensors
          then have their own history and asset again.
        </li>
      </ul>
      <p>{evidenceText(match)}:</p>
      {facts && <ComparedFacts match={facts} />}
    </ConfirmDialog>
  );
}

interface MergeSensorDialogProps {
  sensor: AnySensor;
  match: ListedMatch;
  onClose: () => void;
}
