// The actions on a token, and their confirmations.
import { pauseEnrollmentToken, resumeEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { type ActionOf, canOf } from "@attacklens/protocol/obstacles.ts";
import { TOKEN_OBSTACLES } from "@attacklens/protocol/token-obstacles.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import type { AnyToken } from "../../components/token-words.ts";
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

type Asked = { what: "revoke" | "block" | "delete"; token: AnyToken };

function whyNot(token: AnyToken, action: ActionOf<typeof TOKEN_OBSTACLES>) {
  return disabledReason("can" in token ? token.can[action] : canOf(TOKEN_OBSTACLES, token, action));
}

export function useTokenActions(onDeleted?: () => Promise<void>): {
  actionsFor: (token: AnyToken) => RowAction[];
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Asked>();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const set = useCallback(
    async ({ id, name }: AnyToken, { route, done }: Change) => {
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
    async (token: AnyToken, to: Change, back: Change) => {
      try {
        showUndoable(await set(token, to), () => set(token, back));
      } catch (error) {
        notifications.show({ color: "red", message: problemOf(error).detail });
      }
    },
    [set],
  );
  const actionsFor = useCallback(
    (token: AnyToken): RowAction[] => [
      {
        label: "Edit…",
        onSelect: () => void navigate(paths.enrollmentTokenEdit(token.id)),
        disabledReason: whyNot(token, "edit"),
      },
      token.pausedAt === null
        ? {
            label: "Pause",
            onSelect: () => change(token, PAUSE, RESUME),
            disabledReason: whyNot(token, "pause"),
          }
        : {
            label: "Resume",
            onSelect: () => change(token, RESUME, PAUSE),
            disabledReason: whyNot(token, "resume"),
          },
      {
        label: "Rotate…",
        onSelect: () => void navigate(paths.enrollmentTokenRotate(token.id)),
        disabledReason: whyNot(token, "rotate"),
      },
      {
        label: "Revoke…",
        onSelect: () => setAsked({ what: "revoke", token }),
        disabledReason: whyNot(token, "revoke"),
      },
      {
        label: "Revoke and block sensors…",
        danger: true,
        onSelect: () => setAsked({ what: "block", token }),
        disabledReason: whyNot(token, "revokeAndBlock"),
      },
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked({ what: "delete", token }),
        disabledReason: whyNot(token, "delete"),
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
