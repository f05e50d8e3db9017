import { createTicket, type Sensor } from "@attacklens/protocol/sensors.ts";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { openCreation, problemOf } from "../../api.ts";
import { SensorCommands } from "../../components/SensorCommands.tsx";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import type { Connection } from "../../components/sensor-commands.ts";
import { connectionQuery, refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { exactTime } from "../../ui/time.ts";

/** Makes a ticket by which one host takes the sensor over with a new key, and shows it once. */
export function ReEnrollDialog({ sensor, onClose }: { sensor: Sensor; onClose: () => void }) {
  const [ticket, setTicket] = useState<{ value: string; expiresAt: string; connection: Connection }>();
  const [makeTicket] = useState(() => openCreation(createTicket));
  // The question closes itself when it is answered; what it made is then still to be shown.
  const isMade = useRef(false);
  const queryClient = useQueryClient();
  const forget = useCallback(() => setTicket(undefined), []);
  async function make() {
    // Before the ticket: its value is shown once, and the key before is refused from then on.
    const connection = await queryClient.query(connectionQuery);
    const made = await makeTicket(sensor.id, () => ({ params: { id: sensor.id } }));
    await refresh(queryClient, "sensors");
    isMade.current = true;
    setTicket({ ...made, connection });
  }
  if (!ticket) {
    return (
      <ConfirmDialog
        title="Make a re-enroll ticket?"
        action="Make ticket"
        onConfirm={make}
        onClose={() => {
          if (!isMade.current) onClose();
        }}
        errorText={(error) => problemOf(error).detail}
      >
        For one hour, one host can become <strong>{sensor.hostname}</strong> with a new key. The key that the
        sensor has now is refused from that moment; its history, asset and group stay. A ticket that was made
        before and not used ends.
      </ConfirmDialog>
    );
  }
  return (
    <ShowOnceDialog
      title="Store the ticket now"
      intro={
        <>
          It makes one host <strong>{sensor.hostname}</strong>, once, until {exactTime(ticket.expiresAt)}.
        </>
      }
      noun="ticket"
      label="Re-enroll ticket"
      value={ticket.value}
      onForget={forget}
      onClose={onClose}
    >
      <SensorCommands connection={ticket.connection} secret="ticket" platform={sensor.platform} />
    </ShowOnceDialog>
  );
}
