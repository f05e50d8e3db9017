import { type CreatedLink, linkUrl } from "@attacklens/protocol/one-time-links.ts";
import type { User } from "@attacklens/protocol/users.ts";
import type { ReactNode } from "react";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import { exactTime } from "../../ui/time.ts";

/** A user, and a link that was just created for the user. */
export interface UserWithLink {
  user: User;
  link: CreatedLink;
}

interface LinkDialogProps extends UserWithLink {
  onForget: () => void;
  onClose: () => void;
}

const INTROS: Record<CreatedLink["purpose"], (name: ReactNode) => ReactNode> = {
  invitation: (name) => <>{name} is invited. With this link, they set a password and sign in.</>,
  "password-reset": (name) => (
    <>With this link, {name} sets a new password. The current one is valid until then.</>
  ),
};

/** Shows a one-time link, which the Super Admin sends to the user. */
export function LinkDialog({ user, link, onForget, onClose }: LinkDialogProps) {
  return (
    <ShowOnceDialog
      title="Send this link"
      intro={INTROS[link.purpose](<strong>{user.name}</strong>)}
      noun="link"
      label={`Link for ${user.email}`}
      value={linkUrl(window.location.origin, link.purpose, link.value)}
      warning={
        <>
          The link works once, until {exactTime(link.expiresAt)}. This is the only time it is shown. Send it
          to {user.email} over a channel that only they read.
        </>
      }
      storedLabel="I have copied it"
      onForget={onForget}
      onClose={onClose}
    />
  );
}
