import { approveSensor, type Sensor } from "@attacklens/protocol/sensors.ts";
import { Checkbox, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import classes from "./ApproveSensorDialog.module.css";

/** Lets a sensor in, after a person has compared its fingerprint with what the host shows. */
export function ApproveSensorDialog({ sensor, onClose }: { sensor: Sensor; onClose: () => void }) {
  const [isCompared, setCompared] = useState(false);
  const queryClient = useQueryClient();
  async function approve() {
    // What was compared is sent: should the row have changed meanwhile, the server refuses.
    const body = { fingerprint: sensor.fingerprint };
    await callApi(approveSensor, { params: { id: sensor.id }, body });
    await refresh(queryClient, "sensors");
    const next =
      sensor.blockedAt === null ? "It reports within a minute." : "It reports once it is unblocked.";
    notifications.show({ message: `Sensor “${sensor.hostname}” is approved. ${next}` });
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
          A machine that calls itself <strong>{sensor.hostname}</strong> came from {sensor.address}{" "}
          {sensor.cloneOf
            ? `with the key of ${sensor.cloneOf.name}, e.g. as a clone of its disk. Its new key`
            : `with the token ${sensor.enrolledBy.name}. Its key`}{" "}
          has this fingerprint:
        </Text>
        <code className={classes.fingerprint}>{sensor.fingerprint}</code>
        <Text inherit>
          On the machine, <code>sudo attacklens-sensor status</code> prints the fingerprint of its own key.
          Approve the sensor only if the four words are the same.
        </Text>
        {sensor.blockedAt !== null && (
          <Text inherit>The sensor stays blocked. To let it report, unblock it as well.</Text>
        )}
        <Checkbox
          label="The machine shows the same four words"
          checked={isCompared}
          onChange={(event) => setCompared(event.currentTarget.checked)}
        />
      </Stack>
    </ConfirmDialog>
  );
}
