// The actions on a sensor, and their dialogs.
import type { ActionOf } from "@attacklens/protocol/obstacles.ts";
import type { SENSOR_OBSTACLES } from "@attacklens/protocol/sensor-obstacles.ts";
import { blockSensor, unblockSensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { showUndoable } from "../../components/undo.tsx";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { RowAction } from "../../ui/RowMenu.tsx";
import { ApproveSensorDialog } from "./ApproveSensorDialog.tsx";
import { DeleteSensorDialog } from "./DeleteSensorDialog.tsx";
import { DismissMatchDialog } from "./DismissMatchDialog.tsx";
import { MergeSensorDialog } from "./MergeSensorDialog.tsx";
import { ReEnrollDialog } from "./ReEnrollDialog.tsx";
import { type AnySensor, awaitsApproval, canDo, isBlocked } from "./sensor-words.ts";
import { UndoMergeDialog } from "./UndoMergeDialog.tsx";

type SensorAction = ActionOf<typeof SENSOR_OBSTACLES>;
type DialogName = "approve" | "merge" | "dismiss" | "undo-merge" | "block" | "re-enroll" | "delete";

interface SensorActions {
  /** All actions, for the menu of a row. */
  menu: RowAction[];
  approval: RowAction | undefined;
  /** Merge, dismiss or undo the merge of a re-imaged host. */
  decisions: RowAction[];
  /** The actions that are not in a panel or a notice of the page, except the approval. */
  others: RowAction[];
}

export function useSensorActions(onDeleted?: () => Promise<void>): {
  actionsFor: (sensor: AnySensor) => SensorActions;
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<{ dialog: DialogName; sensor: AnySensor }>();
  const queryClient = useQueryClient();
  const unblock = useCallback(
    async (sensor: AnySensor) => {
      try {
        notifications.show({ message: await unblocked(queryClient, sensor) });
      } catch (error) {
        notifications.show({ color: "red", message: problemOf(error).detail });
      }
    },
    [queryClient],
  );
  const actionsFor = useCallback(
    (sensor: AnySensor): SensorActions => {
      const { match, replacedBy } = sensor;
      const whyNot = (action: SensorAction) => disabledReason(canDo(sensor, action));
      const opening = (label: string, dialog: DialogName, action: SensorAction): RowAction => ({
        label,
        onSelect: () => setAsked({ dialog, sensor }),
        disabledReason: whyNot(action),
      });
      const approval = awaitsApproval(sensor) ? opening("Approve…", "approve", "approve") : undefined;
      const merging = match
        ? [
            opening(`Merge with ${match.sensor.name}…`, "merge", "merge"),
            opening("Dismiss…", "dismiss", "dismissMatch"),
          ]
        : [];
      const decisions = [
        ...merging,
        ...(replacedBy ? [opening("Undo merge…", "undo-merge", "undoMerge")] : []),
      ];
      const others = [
        isBlocked(sensor)
          ? {
              label: "Unblock",
              onSelect: () => void unblock(sensor),
              disabledReason: whyNot("unblock"),
            }
          : opening("Block…", "block", "block"),
        opening("Re-enroll…", "re-enroll", "reEnroll"),
        { ...opening("Delete…", "delete", "delete"), danger: true },
      ];
      return {
        menu: [...(approval ? [approval] : []), ...decisions, ...others],
        approval,
        decisions,
        others,
      };
    },
    [unblock],
  );
  if (!asked) return { actionsFor, dialog: null };

  const { sensor } = asked;
  const { match, replacedBy, fingerprint } = sensor;
  const close = () => setAsked(undefined);
  const dialogs: Record<DialogName, ReactNode> = {
    approve: fingerprint && <ApproveSensorDialog sensor={sensor} fingerprint={fingerprint} onClose={close} />,
    merge: match && <MergeSensorDialog sensor={sensor} match={match} onClose={close} />,
    dismiss: match && <DismissMatchDialog sensor={sensor} match={match} onClose={close} />,
    "undo-merge": replacedBy && <UndoMergeDialog sensor={sensor} successor={replacedBy} onClose={close} />,
    "re-enroll": <ReEnrollDialog sensor={sensor} onClose={close} />,
    block: <BlockSensorDialog sensor={sensor} onClose={close} />,
    delete: <DeleteSensorDialog sensor={sensor} onDeleted={onDeleted} onClose={close} />,
  };
  return { actionsFor, dialog: dialogs[asked.dialog] };
}

/** Unblocks a sensor, and returns the message about it. */
async function unblocked(queryClient: QueryClient, { id, hostname }: AnySensor): Promise<string> {
  try {
    await callApi(unblockSensor, { params: { id } });
  } finally {
    await refresh(queryClient, "sensors");
  }
  return `Sensor “${hostname}” is unblocked. The server accepts its requests again.`;
}

function BlockSensorDialog({ sensor, onClose }: { sensor: AnySensor; onClose: () => void }) {
  const queryClient = useQueryClient();
  async function block() {
    await callApi(blockSensor, { params: { id: sensor.id } });
    await refresh(queryClient, "sensors");
    const message = `Sensor “${sensor.hostname}” is blocked. The server refuses its requests.`;
    showUndoable(message, () => unblocked(queryClient, sensor));
  }
  return (
    <ConfirmDialog
      title="Block sensor?"
      action="Block sensor"
      onConfirm={block}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      isSafe
    >
      The server refuses every request of <strong>{sensor.hostname}</strong>. Its data and its key are kept.
      You can unblock it later.
    </ConfirmDialog>
  );
}
