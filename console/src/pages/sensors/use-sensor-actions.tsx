// What one may do with a sensor, and the questions before it is done.
import type { Can } from "@attacklens/protocol/page.ts";
import { blockSensor, deleteSensor, type Sensor, unblockSensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { RowAction } from "../../ui/RowMenu.tsx";
import { ApproveSensorDialog } from "./ApproveSensorDialog.tsx";
import { ReEnrollDialog } from "./ReEnrollDialog.tsx";

function reasonAgainst({ allowed, reason }: Can): string | undefined {
  return allowed ? undefined : (reason ?? "Not possible now");
}

type Asked = { what: "approve" | "block" | "re-enroll" | "delete"; sensor: Sensor };

export function useSensorActions(onDeleted?: () => Promise<void>): {
  actionsFor: (sensor: Sensor) => RowAction[];
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Asked>();
  const queryClient = useQueryClient();
  const unblock = useCallback(
    async (sensor: Sensor) => {
      try {
        await callApi(unblockSensor, { params: { id: sensor.id } });
        notifications.show({ message: `Sensor “${sensor.hostname}” is unblocked: it is heard again.` });
      } catch (error) {
        notifications.show({ color: "red", message: problemOf(error).detail });
      }
      await refresh(queryClient, "sensors");
    },
    [queryClient],
  );
  const actionsFor = useCallback(
    (sensor: Sensor): RowAction[] => [
      ...(sensor.status === "awaiting-approval"
        ? [
            {
              label: "Approve…",
              onSelect: () => setAsked({ what: "approve", sensor }),
              disabledReason: reasonAgainst(sensor.can.approve),
            },
          ]
        : []),
      sensor.blockedAt === null
        ? {
            label: "Block…",
            onSelect: () => setAsked({ what: "block", sensor }),
            disabledReason: reasonAgainst(sensor.can.block),
          }
        : {
            label: "Unblock",
            onSelect: () => unblock(sensor),
            disabledReason: reasonAgainst(sensor.can.unblock),
          },
      {
        label: "Re-enroll…",
        onSelect: () => setAsked({ what: "re-enroll", sensor }),
        disabledReason: reasonAgainst(sensor.can.reEnroll),
      },
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked({ what: "delete", sensor }),
        disabledReason: reasonAgainst(sensor.can.delete),
      },
    ],
    [unblock],
  );
  if (!asked) return { actionsFor, dialog: null };

  const { what, sensor } = asked;
  const close = () => setAsked(undefined);
  const errorText = (error: unknown) => problemOf(error).detail;
  async function block() {
    await callApi(blockSensor, { params: { id: sensor.id } });
    await refresh(queryClient, "sensors");
    notifications.show({ message: `Sensor “${sensor.hostname}” is blocked: its requests are refused.` });
  }
  async function remove() {
    await callApi(deleteSensor, { params: { id: sensor.id } });
    await onDeleted?.();
    await refresh(queryClient, "sensors", "assets");
    notifications.show({ message: `Sensor “${sensor.hostname}” is deleted: its asset stays.` });
  }
  const dialogs = {
    approve: <ApproveSensorDialog sensor={sensor} onClose={close} />,
    "re-enroll": <ReEnrollDialog sensor={sensor} onClose={close} />,
    block: (
      <ConfirmDialog
        title="Block sensor?"
        action="Block sensor"
        onConfirm={block}
        onClose={close}
        errorText={errorText}
      >
        Every request of <strong>{sensor.hostname}</strong> is refused from now on. What it reported stays,
        the program on the machine keeps its key and asks seldom; it can be unblocked.
      </ConfirmDialog>
    ),
    delete: (
      <ConfirmDialog
        title="Delete sensor?"
        action="Delete sensor"
        onConfirm={remove}
        onClose={close}
        errorText={errorText}
      >
        <strong>{sensor.hostname}</strong> and what it reported are removed here. The program on the machine
        is told that it is no longer known; it has to enroll again to come back. The asset {sensor.asset.name}{" "}
        stays.
      </ConfirmDialog>
    ),
  };
  return { actionsFor, dialog: dialogs[what] };
}
