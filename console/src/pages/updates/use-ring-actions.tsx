import type { Can } from "@attacklens/protocol/page.ts";
import {
  deleteUpdateRing,
  orderUpdateRings,
  pauseUpdateRing,
  resumeUpdateRing,
  retryUpdateRing,
  type UpdateRing,
} from "@attacklens/protocol/update-rings.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import type { RowAction } from "../../ui/RowMenu.tsx";

/** From this number of hosts on, the user types the name of the ring to delete. */
const MANY_HOSTS = 10;

type Asked = { ring: UpdateRing; question: "pause" | "retry" | "delete" };

export function useRingActions(
  rings: readonly UpdateRing[],
  canReorder: Can,
): { actionsFor: (ring: UpdateRing) => RowAction[]; dialog: ReactNode } {
  const [asked, setAsked] = useState<Asked>();
  const navigate = useNavigate();
  const queryClient = useQueryClient();

  /** An action that can be undone needs no question. */
  async function act(work: () => Promise<unknown>, done: string) {
    try {
      await work();
      await refresh(queryClient, "updates");
      notifications.show({ message: done });
    } catch (error) {
      notifications.show({ color: "red", message: problemOf(error).detail });
    }
  }

  const ordered = rings.filter(({ isLast }) => !isLast);
  function move(ring: UpdateRing, by: -1 | 1) {
    const ids = ordered.map(({ id }) => id);
    const at = ids.indexOf(ring.id);
    ids.splice(at, 1);
    ids.splice(at + by, 0, ring.id);
    const place = `“${ring.name}” is ring ${at + by + 1} now.`;
    void act(() => callApi(orderUpdateRings, { body: { ids } }), place);
  }
  function moveAction(ring: UpdateRing, by: -1 | 1): RowAction {
    const at = ordered.indexOf(ring);
    const isEnd = by === -1 ? at === 0 : at === ordered.length - 1;
    const end =
      isEnd && at !== -1 ? `It is the ${by === -1 ? "first" : "last"} ring that can move` : undefined;
    return {
      label: by === -1 ? "Move up" : "Move down",
      onSelect: () => move(ring, by),
      disabledReason: disabledReason(ring.can.move) ?? disabledReason(canReorder) ?? end,
    };
  }

  const actionsFor = (ring: UpdateRing): RowAction[] => [
    {
      label: "Edit…",
      onSelect: () => void navigate(paths.updateRingEdit(ring.id)),
      disabledReason: disabledReason(ring.can.edit),
    },
    moveAction(ring, -1),
    moveAction(ring, 1),
    ring.pausedAt === null
      ? {
          label: "Pause…",
          onSelect: () => setAsked({ ring, question: "pause" }),
          disabledReason: disabledReason(ring.can.pause),
        }
      : {
          label: "Resume",
          onSelect: () =>
            void act(
              () => callApi(resumeUpdateRing, { params: { id: ring.id } }),
              `“${ring.name}” is resumed.`,
            ),
          disabledReason: disabledReason(ring.can.resume),
        },
    {
      label: "Try again…",
      onSelect: () => setAsked({ ring, question: "retry" }),
      disabledReason: disabledReason(ring.can.retry),
    },
    { label: "Show history", onSelect: () => void navigate(paths.updateRingHistory(ring.id)) },
    {
      label: "Delete…",
      danger: true,
      onSelect: () => setAsked({ ring, question: "delete" }),
      disabledReason: disabledReason(ring.can.delete),
    },
  ];
  return { actionsFor, dialog: asked && <RingQuestion {...asked} onClose={() => setAsked(undefined)} /> };
}

function RingQuestion({ ring, question, onClose }: Asked & { onClose: () => void }) {
  const queryClient = useQueryClient();
  const { id, name, hosts, failures, target } = ring;
  const inProgress = countOf(hosts.updating, "host that has", "hosts that have");
  const questions = {
    pause: {
      title: "Pause ring?",
      action: "Pause ring",
      route: pauseUpdateRing,
      done: `“${name}” is paused.`,
      text: (
        <>
          <strong>{name}</strong> offers no updates until it is resumed, also not to the {inProgress} been
          offered {target ?? "one"} and {hosts.updating === 1 ? "is" : "are"} not done. Later rings go on if
          the canaries of this one have succeeded.
        </>
      ),
    },
    retry: {
      title: "Try again?",
      action: "Try again",
      route: retryUpdateRing,
      done: `“${name}” tries ${target} again.`,
      text: (
        <>
          {countOf(failures, "host")} of <strong>{name}</strong> failed with {target}. They are offered it
          again, and the other hosts of the ring follow. Failures are counted from zero.
        </>
      ),
    },
    delete: {
      title: "Delete ring?",
      action: "Delete ring",
      route: deleteUpdateRing,
      done: `“${name}” is deleted.`,
      text: (
        <>
          <strong>{name}</strong> is deleted permanently. {countOf(hosts.hosts, "host moves", "hosts move")}{" "}
          to the last ring.
        </>
      ),
    },
  }[question];
  return (
    <ConfirmDialog
      title={questions.title}
      action={questions.action}
      isSafe={question !== "delete"}
      onConfirm={async () => {
        await callApi(questions.route as typeof pauseUpdateRing, { params: { id } });
        await refresh(queryClient, "updates");
        notifications.show({ message: questions.done });
      }}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
      typeName={question === "delete" && hosts.hosts >= MANY_HOSTS ? name : undefined}
    >
      {questions.text}
    </ConfirmDialog>
  );
}
