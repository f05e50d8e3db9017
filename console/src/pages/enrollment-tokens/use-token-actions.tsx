// The actions on a token, and their confirmations.
import {
  type EnrollmentToken,
  pauseEnrollmentToken,
  resumeEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { showUndoable } from "../../components/undo.tsx";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import type { RowAction } from "../../ui/RowMenu.tsx";
import { BlockSensorsDialog } from "./BlockSensorsDialog.tsx";
import { DeleteTokenDialog } from "./DeleteTokenDialog.tsx";
import { RevokeTokenDialog } from "./RevokeTokenDialog.tsx";

interface Change {
  route: typeof pauseEnrollmentToken | typeof resumeEnrollmentToken;
  done: string;
}

const PAUSE: Change = {
  route: pauseEnrollmentToken,
  done: "is paused. No sensor can enroll with it until you resume it",
};
const RESUME: Change = {
  route: resumeEnrollmentToken,
  done: "is active again. Sensors can enroll with it",
};

type Asked = { what: "revoke" | "block" | "delete"; token: EnrollmentToken };

export function useTokenActions(onDeleted?: () => Promise<void>): {
  actionsFor: (token: EnrollmentToken) => RowAction[];
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Asked>();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const set = useCallback(
    async ({ id, name }: EnrollmentToken, { route, done }: Change) => {
      try {
        await callApi(route, { params: { id } });
      } finally {
        await refresh(queryClient, "enrollmentTokens");
      }
      return `“${name}” ${done}.`;
    },
    [queryClient],
  );
  const change = useCallback(
    async (token: EnrollmentToken, to: Change, back: Change) => {
      try {
        showUndoable(await set(token, to), () => set(token, back));
      } catch (error) {
        notifications.show({ color: "red", message: problemOf(error).detail });
      }
    },
    [set],
  );
  const actionsFor = useCallback(
    (token: EnrollmentToken): RowAction[] => [
      {
        label: "Edit…",
        onSelect: () => void navigate(paths.enrollmentTokenEdit(token.id)),
        disabledReason: disabledReason(token.can.edit),
      },
      token.pausedAt === null
        ? {
            label: "Pause",
            onSelect: () => change(token, PAUSE, RESUME),
            disabledReason: disabledReason(token.can.pause),
          }
        : {
            label: "Resume",
            onSelect: () => change(token, RESUME, PAUSE),
            disabledReason: disabledReason(token.can.resume),
          },
      {
        label: "Rotate…",
        onSelect: () => void navigate(paths.enrollmentTokenRotate(token.id)),
        disabledReason: disabledReason(token.can.rotate),
      },
      {
        label: "Revoke…",
        onSelect: () => setAsked({ what: "revoke", token }),
        disabledReason: disabledReason(token.can.revoke),
      },
      {
        label: "Revoke and block sensors…",
        danger: true,
        onSelect: () => setAsked({ what: "block", token }),
        disabledReason: disabledReason(token.can.revokeAndBlock),
      },
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked({ what: "delete", token }),
        disabledReason: disabledReason(token.can.delete),
      },
    ],
    [change, navigate],
  );

  if (!asked) return { actionsFor, dialog: null };
  const close = () => setAsked(undefined);
  const dialogs = {
    revoke: <RevokeTokenDialog token={asked.token} onClose={close} />,
    block: <BlockSensorsDialog token={asked.token} onClose={close} />,
    delete: <DeleteTokenDialog token={asked.token} onClose={close} onDeleted={onDeleted} />,
  };
  return { actionsFor, dialog: dialogs[asked.what] };
}
