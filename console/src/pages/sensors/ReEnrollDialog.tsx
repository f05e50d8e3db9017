import { createTicket } from "@attacklens/protocol/sensors.ts";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { openCreation, problemOf } from "../../api.ts";
import { SensorCommands } from "../../components/SensorCommands.tsx";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import type { Connection } from "../../components/sensor-commands.ts";
import { connectionQuery, refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { exactTime } from "../../ui/time.ts";
import type { AnySensor } from "./sensor-words.ts";

/**
 * Creates a re-enrollment ticket and shows it once. One host uses it to enroll as this sensor with a new key.
 */
export function ReEnrollDialog({ sensor, onClose }: { sensor: AnySensor; onClose: () => void }) {
  const [ticket, setTicket] = useState<{ value: string; expiresAt: string; connection: Connection }>();
  const [createOnce] = useState(() => openCreation(createTicket));
  // ConfirmDialog closes after it succeeds. The ticket must be shown after that.
  const isCreated = useRef(false);
  const queryClient = useQueryClient();
  const forget = useCallback(() => setTicket(undefined), []);
  async function create() {
    // Fetched first, because nothing may fail between creating the ticket and showing its value.
    const connection = await queryClient.query(connectionQuery);
    const created = await createOnce(sensor.id, () => ({ params: { id: sensor.id } }));
    await refresh(queryClient, "sensors");
    isCreated.current = true;
    setTicket({ ...created, connection });
  }
  if (!ticket) {
    return (
      <ConfirmDialog
        title="Create re-enrollment ticket?"
        action="Create ticket"
        onConfirm={create}
        onClose={() => {
          if (!isCreated.current) onClose();
        }}
        errorText={(error) => problemOf(error).detail}
      >
        For one hour, one host can enroll as <strong>{sensor.hostname}</strong> with a new key. The current
        key of the sensor is revoked immediately. Its history, asset and asset group are kept. An earlier
        unused ticket becomes invalid.
      </ConfirmDialog>
    );
  }
  return (
    <ShowOnceDialog
      title="Store the ticket now"
      intro={
        <>
          One host can use it once to enroll as <strong>{sensor.hostname}</strong>, until{" "}
          {exactTime(ticket.expiresAt)}.
        </>
      }
      noun="ticket"
      label="Re-enrollment ticket"
      value={ticket.value}
      onForget={forget}
      onClose={onClose}
    >
      <SensorCommands connection={ticket.connection} platform={sensor.platform} />
    </ShowOnceDialog>
  );
}
