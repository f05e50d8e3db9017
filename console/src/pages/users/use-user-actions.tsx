// The actions on a user, and their dialogs.
import type { User, UserAction } from "@attacklens/protocol/users.ts";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useState } from "react";
import { disabledReason } from "../../components/disabled-reason.ts";
import { paths } from "../../paths.ts";
import type { RowAction } from "../../ui/RowMenu.tsx";
import { LinkDialog, type UserWithLink } from "./LinkDialog.tsx";
import { UserActionDialog } from "./UserActionDialog.tsx";

export type ConfirmedAction = Exclude<UserAction, "changeRole">;

const LABELS: Record<ConfirmedAction, string> = {
  renew: "New invitation link…",
  reset: "Reset password…",
  disable: "Disable…",
  enable: "Enable…",
  delete: "Delete…",
};

/** The actions that a status has. The server decides whether one is possible. */
const SHOWN: Record<User["status"], ConfirmedAction[]> = {
  invited: ["renew", "delete"],
  active: ["reset", "disable", "delete"],
  disabled: ["enable", "delete"],
};

export function useUserActions(): { actionsFor: (user: User) => RowAction[]; dialog: ReactNode } {
  const [asked, setAsked] = useState<{ action: ConfirmedAction; user: User }>();
  const [created, setCreated] = useState<UserWithLink>();
  const navigate = useNavigate();
  const actionsFor = useCallback(
    (user: User): RowAction[] => [
      {
        label: "Change role…",
        onSelect: () => void navigate({ ...paths.userRole(user.id), search: true }),
        disabledReason: disabledReason(user.can.changeRole),
      },
      {
        label: "Show history",
        onSelect: () => void navigate({ ...paths.userHistory(user.id), search: true }),
      },
      ...SHOWN[user.status].map((action) => ({
        label: action === "delete" && user.status === "invited" ? "Withdraw invitation…" : LABELS[action],
        danger: action === "delete",
        onSelect: () => setAsked({ action, user }),
        disabledReason: disabledReason(user.can[action]),
      })),
    ],
    [navigate],
  );
  const dialog = created ? (
    <LinkDialog {...created} onForget={() => setCreated(undefined)} onClose={() => setCreated(undefined)} />
  ) : (
    asked && <UserActionDialog {...asked} onLink={setCreated} onClose={() => setAsked(undefined)} />
  );
  return { actionsFor, dialog };
}
