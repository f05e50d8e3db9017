// Confirms an action on a user, and names its effects.
import {
  createResetLink,
  deleteUser,
  disableUser,
  enableUser,
  renewInvitation,
  type User,
} from "@attacklens/protocol/users.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import type { UserWithLink } from "./LinkDialog.tsx";
import type { ConfirmedAction } from "./use-user-actions.tsx";

interface UserActionDialogProps {
  action: ConfirmedAction;
  user: User;
  onLink: (created: UserWithLink) => void;
  onClose: () => void;
}

interface Confirmation {
  title: string;
  button: string;
  text: ReactNode;
  /** The button is not red. */
  isSafe?: boolean;
  /** Returns the link that the action creates. */
  work: () => Promise<UserWithLink | undefined>;
  done?: string;
}

export function UserActionDialog({ action, user, onLink, onClose }: UserActionDialogProps) {
  const queryClient = useQueryClient();
  const { title, button, text, isSafe = false, work, done } = confirmationOf(action, user);
  async function confirm() {
    const created = await work();
    await refresh(queryClient, "users");
    if (created) onLink(created);
    if (done) notifications.show({ message: done });
  }
  return (
    <ConfirmDialog
      title={title}
      action={button}
      isSafe={isSafe}
      onConfirm={confirm}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
    >
      {text}
    </ConfirmDialog>
  );
}

function confirmationOf(action: ConfirmedAction, user: User): Confirmation {
  const params = { id: user.id };
  const name = <strong>{user.name}</strong>;
  switch (action) {
    case "renew":
      return {
        title: "Create a new invitation link?",
        button: "Create link",
        text: <>You get a new link for {name}. Links that you sent earlier no longer work.</>,
        isSafe: true,
        work: () => callApi(renewInvitation, { params }),
      };
    case "reset":
      return {
        title: "Reset password?",
        button: "Create link",
        text: (
          <>
            You get a link with which {name} sets a new password. Until then, the current password stays
            valid. When the link is used, all sessions of the user end.
          </>
        ),
        isSafe: true,
        work: () => callApi(createResetLink, { params }),
      };
    case "disable":
      return {
        title: "Disable user?",
        button: "Disable user",
        text: (
          <>
            {name} is signed out immediately and cannot sign in.{keysText(user, "until you enable the user")}
            {KEPT}
          </>
        ),
        work: () => callApi(disableUser, { params }).then(() => undefined),
        done: `${user.name} is disabled.`,
      };
    case "enable":
      return {
        title: "Enable user?",
        button: "Enable user",
        text: (
          <>
            {name} can sign in again, with the same password and role.
            {user.apiKeys > 0 && ` ${countOf(user.apiKeys, "API key works", "API keys work")} again.`}
          </>
        ),
        isSafe: true,
        work: () => callApi(enableUser, { params }).then(() => undefined),
        done: `${user.name} is enabled.`,
      };
    case "delete":
      return {
        ...(user.status === "invited" ? withdrawalOf(user) : deletionOf(user)),
        work: () => callApi(deleteUser, { params }),
      };
  }
}

const KEPT = " Objects that the user created are kept.";

function withdrawalOf(user: User): Omit<Confirmation, "work"> {
  return {
    title: "Withdraw invitation?",
    button: "Withdraw invitation",
    text: (
      <>
        The link for <strong>{user.name}</strong> no longer works, and {user.email} leaves the list.
      </>
    ),
    done: `The invitation of ${user.name} is withdrawn.`,
  };
}

function deletionOf(user: User): Omit<Confirmation, "work"> {
  return {
    title: "Delete user?",
    button: "Delete user",
    text: (
      <>
        The account of <strong>{user.name}</strong> is deleted
        {user.status === "active" && ", and its sessions end"}. This cannot be undone.
        {keysText(user, "permanently")}
        {KEPT} They and the audit log keep the name.
      </>
    ),
    done: `${user.name} is deleted.`,
  };
}

function keysText({ apiKeys }: User, duration: string): string {
  if (apiKeys === 0) return "";
  return ` ${countOf(apiKeys, "API key that the user created is", "API keys that the user created are")} refused ${duration}.`;
}
