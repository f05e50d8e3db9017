import { deleteSensor, type Sensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { RowAction } from "../../ui/RowMenu.tsx";

export function useSensorActions(onDeleted?: () => Promise<void>): {
  actionsFor: (sensor: Sensor) => RowAction[];
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Sensor>();
  const queryClient = useQueryClient();
  const actionsFor = useCallback(
    (sensor: Sensor): RowAction[] => [
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked(sensor),
        disabledReason: sensor.can.delete.allowed
          ? undefined
          : (sensor.can.delete.reason ?? "Not possible now"),
      },
    ],
    [],
  );
  if (!asked) return { actionsFor, dialog: null };

  async function remove(sensor: Sensor) {
    await callApi(deleteSensor, { params: { id: sensor.id } });
    await onDeleted?.();
    await refresh(queryClient, "sensors", "assets");
    notifications.show({ message: `Sensor “${sensor.hostname}” is deleted: its asset stays.` });
  }
  const dialog = (
    <ConfirmDialog
      title="Delete sensor?"
      action="Delete sensor"
      onConfirm={() => remove(asked)}
      onClose={() => setAsked(undefined)}
      errorText={(error) => problemOf(error).detail}
    >
      <strong>{asked.hostname}</strong> and what it reported are removed here. The program on the machine is
      told that it is no longer known; it has to enroll again to come back. The asset {asked.asset.name}{" "}
      stays.
    </ConfirmDialog>
  );
  return { actionsFor, dialog };
}
