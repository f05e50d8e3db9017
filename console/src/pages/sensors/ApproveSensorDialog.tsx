import { approveSensor, withdrawApproval } from "@attacklens/protocol/sensors.ts";
import { Checkbox, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { showUndoable } from "../../components/undo.tsx";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import classes from "./ApproveSensorDialog.module.css";
import { type AnySensor, isBlocked } from "./sensor-words.ts";

/** Approves a sensor after the operator has compared its fingerprint with the one on the host. */
export function ApproveSensorDialog({ sensor, fingerprint, onClose }: ApproveSensorDialogProps) {
  const [isCompared, setCompared] = useState(false);
  const queryClient = useQueryClient();
  async function approve() {
    // The server refuses the request if the fingerprint has changed since the operator compared it.
    const body = { fingerprint };
    await callApi(approveSensor, { params: { id: sensor.id }, body });
    await refresh(queryClient, "sensors");
    const next = isBlocked(sensor) ? "It reports once it is unblocked." : "It reports within a minute.";
    showUndoable(`Sensor “${sensor.hostname}” is approved. ${next}`, async () => {
      await callApi(withdrawApproval, { params: { id: sensor.id } });
      await refresh(queryClient, "sensors");
      return `Sensor “${sensor.hostname}” awaits approval again. The server refuses its reports.`;
    });
  }
  return (
    <ConfirmDialog
      title="Approve sensor?"
      action="Approve sensor"
      onConfirm={approve}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isDisabled={!isCompared}
      isSafe
    >
      <Stack gap="md">
        <Text inherit>
          A host with the hostname <strong>{sensor.hostname}</strong> enrolled from {sensor.address}{" "}
          {sensor.cloneOf
            ? `with the key of ${sensor.cloneOf.name}, for example because its disk was copied. Its new key`
            : `with the token ${sensor.enrolledBy.name}. Its key`}{" "}
          has this fingerprint:
        </Text>
        <code className={classes.fingerprint}>{fingerprint}</code>
        <Text inherit>
          Run <code>sudo attacklens-sensor status</code> on the host to print its fingerprint. Approve the
          sensor only if all four words match.
        </Text>
        {isBlocked(sensor) && <Text inherit>The sensor is also blocked. Unblock it to let it report.</Text>}
        <Checkbox
          label="The host shows the same four words"
          checked={isCompared}
          onChange={(event) => setCompared(event.currentTarget.checked)}
        />
      </Stack>
    </ConfirmDialog>
  );
}

interface ApproveSensorDialogProps {
  sensor: AnySensor;
  /** Of a sensor that awaits approval. */
  fingerprint: string;
  onClose: () => void;
}
