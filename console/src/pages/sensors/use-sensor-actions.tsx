// What one may do with a sensor, and the questions before it is done.
import type { Can } from "@attacklens/protocol/page.ts";
import { blockSensor, type Sensor, unblockSensor } from "@attacklens/protocol/sensors.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
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

type Question = "approve" | "merge" | "dismiss-match" | "undoMerge" | "block" | "re-enroll" | "delete";

/** The row's menu has them all; the page's header what no notice beside its reasons offers. */
interface SensorActions {
  menu: RowAction[];
  header: RowAction[];
  /** What of a host that was installed anew waits for a person, or can be undone. */
  decisions: RowAction[];
}

export function useSensorActions(onDeleted?: () => Promise<void>): {
  actionsFor: (sensor: Sensor) => SensorActions;
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<{ what: Question; sensor: Sensor }>();
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
    (sensor: Sensor): SensorActions => {
      const { match, replacedBy, blockedAt, can } = sensor;
      const question = (label: string, what: Question, allowed: Can): RowAction => ({
        label,
        onSelect: () => setAsked({ what, sensor }),
        disabledReason: disabledReason(allowed),
      });
      const approval = awaitsApproval(sensor) ? [question("Approve…", "approve", can.approve)] : [];
      const merging = match
        ? [
            question(`Merge with ${match.sensor.name}…`, "merge", can.merge),
            question("Keep both…", "dismiss-match", can.dismissMatch),
          ]
        : [];
      const decisions = [
        ...merging,
        ...(replacedBy ? [question("Separate…", "undoMerge", can.undoMerge)] : []),
      ];
      const others = [
        blockedAt === null
          ? question("Block…", "block", can.block)
          : {
              label: "Unblock",
              onSelect: () => void unblock(sensor),
              disabledReason: disabledReason(can.unblock),
            },
        question("Re-enroll…", "re-enroll", can.reEnroll),
        { ...question("Delete…", "delete", can.delete), danger: true },
      ];
      return {
        menu: [...approval, ...decisions, ...others],
        header: [...approval, ...others],
        decisions,
      };
    },
    [unblock],
  );
  if (!asked) return { actionsFor, dialog: null };

  const { what, sensor } = asked;
  const { match, replacedBy } = sensor;
  const close = () => setAsked(undefined);
  const dialogs: Record<Question, ReactNode> = {
    approve: <ApproveSensorDialog sensor={sensor} onClose={close} />,
    merge: match && <MergeSensorDialog sensor={sensor} match={match} onClose={close} />,
    "dismiss-match": match && <DismissMatchDialog sensor={sensor} match={match} onClose={close} />,
    undoMerge: replacedBy && <UndoMergeDialog sensor={sensor} successor={replacedBy} onClose={close} />,
    "re-enroll": <ReEnrollDialog sensor={sensor} onClose={close} />,
    block: <BlockSensorDialog sensor={sensor} onClose={close} />,
    delete: <DeleteSensorDialog sensor={sensor} onDeleted={onDeleted} onClose={close} />,
  };
  return { actionsFor, dialog: dialogs[what] };
}

function BlockSensorDialog({ sensor, onClose }: { sensor: Sensor; onClose: () => void }) {
  const queryClient = useQueryClient();
  async function block() {
    await callApi(blockSensor, { params: { id: sensor.id } });
    await refresh(queryClient, "sensors");
    notifications.show({ message: `Sensor “${sensor.hostname}” is blocked: its requests are refused.` });
  }
  return (
    <ConfirmDialog
      title="Block sensor?"
      action="Block sensor"
      onConfirm={block}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
    >
      Every request of <strong>{sensor.hostname}</strong> is refused from now on. What it reported stays, the
      program on the machine keeps its key and asks seldom; it can be unblocked.
    </ConfirmDialog>
  );
}
