// The actions on a sensor, and their dialogs.
import type { Can } from "@attacklens/protocol/page.ts";
import { blockSensor, type Sensor, unblockSensor } from "@attacklens/protocol/sensors.ts";
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
import { awaitsApproval } from "./sensor-words.ts";
import { UndoMergeDialog } from "./UndoMergeDialog.tsx";

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
  actionsFor: (sensor: Sensor) => SensorActions;
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<{ dialog: DialogName; sensor: Sensor }>();
  const queryClient = useQueryClient();
  const unblock = useCallback(
    async (sensor: Sensor) => {
      try {
        notifications.show({ message: await unblocked(queryClient, sensor) });
      } catch (error) {
        notifications.show({ color: "red", message: problemOf(error).detail });
      }
    },
    [queryClient],
  );
  const actionsFor = useCallback(
    (sensor: Sensor): SensorActions => {
      const { match, replacedBy, blockedAt, can } = sensor;
      const opening = (label: string, dialog: DialogName, allowed: Can): RowAction => ({
        label,
        onSelect: () => setAsked({ dialog, sensor }),
        disabledReason: disabledReason(allowed),
      });
      const approval = awaitsApproval(sensor) ? opening("Approve…", "approve", can.approve) : undefined;
      const merging = match
        ? [
            opening(`Merge with ${match.sensor.name}…`, "merge", can.merge),
            opening("Dismiss…", "dismiss", can.dismissMatch),
          ]
        : [];
      const decisions = [
        ...merging,
        ...(replacedBy ? [opening("Undo merge…", "undo-merge", can.undoMerge)] : []),
      ];
      const others = [
        blockedAt === null
          ? opening("Block…", "block", can.block)
          : {
              label: "Unblock",
              onSelect: () => void unblock(sensor),
              disabledReason: disabledReason(can.unblock),
            },
        opening("Re-enroll…", "re-enroll", can.reEnroll),
        { ...opening("Delete…", "delete", can.delete), danger: true },
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
  const { match, replacedBy } = sensor;
  const close = () => setAsked(undefined);
  const dialogs: Record<DialogName, ReactNode> = {
    approve: <ApproveSensorDialog sensor={sensor} onClose={close} />,
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
async function unblocked(queryClient: QueryClient, { id, hostname }: Sensor): Promise<string> {
  try {
    await callApi(unblockSensor, { params: { id } });
  } finally {
    await refresh(queryClient, "sensors");
  }
  return `Sensor “${hostname}” is unblocked. The server accepts its requests again.`;
}

function BlockSensorDialog({ sensor, onClose }: { sensor: Sensor; onClose: () => void }) {
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
