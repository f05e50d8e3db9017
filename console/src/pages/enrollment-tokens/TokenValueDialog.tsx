import { CommandBlock } from "../../components/CommandBlock.tsx";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import { exactTime } from "../../ui/time.ts";
import { enrollCommand } from "./enroll-command.ts";

export interface CreatedToken {
  name: string;
  expiresAt: string | null;
  value: string;
}

interface TokenValueDialogProps {
  created: CreatedToken;
  onForget: () => void;
  onClose: () => void;
}

/** The value of a new token, once, with the command that uses it. */
export function TokenValueDialog({ created, onForget, onClose }: TokenValueDialogProps) {
  return (
    <ShowOnceDialog
      title="Store the token now"
      intro={
        <>
          <strong>{created.name}</strong> is created
          {created.expiresAt ? ` and valid until ${exactTime(created.expiresAt)}` : " and does not expire"}.
        </>
      }
      noun="token"
      label="Enrollment Token"
      value={created.value}
      onForget={onForget}
      onClose={onClose}
    >
      <CommandBlock
        title="Enroll a Linux machine"
        command={enrollCommand(window.location.origin)}
        note="Run it on the machine and paste the token when asked. It stays out of the shell's history and the list of processes."
      />
    </ShowOnceDialog>
  );
}
