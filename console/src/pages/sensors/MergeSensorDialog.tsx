import { getSensor, mergeSensor, type Sensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { apiQuery, refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { exactTime } from "../../ui/time.ts";
import { ComparedFacts } from "./ComparedFacts.tsx";
import classes from "./MergeSensorDialog.module.css";
import { evidenceText, type SensorMatch } from "./match-words.ts";

/** Lets a sensor go on with the asset and the history of the silent one that it looks like, with the evidence in sight. */
export function MergeSensorDialog({ sensor, match, onClose }: MergeSensorDialogProps) {
  const queryClient = useQueryClient();
  const earlier = match.sensor;
  const request = { params: { id: earlier.id } };
  const { data: found, isPending } = useQuery(apiQuery(getSensor, request));
  const asset = found?.asset;
  async function merge() {
    await callApi(mergeSensor, { params: { id: sensor.id }, body: { predecessorId: earlier.id } });
    await refresh(queryClient, "sensors", "assets");
    notifications.show({
      message: `Sensor “${sensor.hostname}” goes on with the history of “${earlier.name}”, which is replaced.`,
    });
  }
  return (
    <ConfirmDialog
      title={`Merge with ${earlier.name}?`}
      action="Merge"
      size={880}
      onConfirm={merge}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isDisabled={isPending}
      isSafe
    >
      <strong>{sensor.hostname}</strong>, enrolled {exactTime(sensor.enrolledAt)}, goes on with the history of{" "}
      <strong>{earlier.name}</strong>, silent since {exactTime(match.lastSeenAt)}:
      <ul className={classes.outcome}>
        <li>
          It is linked to the asset {asset && <strong>{asset.name}</strong>} of the earlier sensor.{" "}
          {asset && asset.id !== sensor.asset.id && (
            <>
              Its own asset <strong>{sensor.asset.name}</strong> is merged into that one, with its identifiers
              and tags.
            </>
          )}
        </li>
        <li>The earlier sensor is listed as Replaced.</li>
        <li>
          This can be undone: by Separate, and by itself when the earlier sensor is heard again. Then both
          have their own history and asset.
        </li>
      </ul>
      <p>{evidenceText(match)}:</p>
      <ComparedFacts match={match} />
    </ConfirmDialog>
  );
}

interface MergeSensorDialogProps {
  sensor: Sensor;
  match: SensorMatch;
  onClose: () => void;
}
