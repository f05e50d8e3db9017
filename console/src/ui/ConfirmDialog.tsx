import { Button, Group, Stack } from "@mantine/core";
import { type ReactNode, useState } from "react";
import classes from "./ConfirmDialog.module.css";
import { Dialog } from "./Dialog.tsx";
import { Notice } from "./Notice.tsx";
import { TypedConfirmation } from "./TypedConfirmation.tsx";

interface ConfirmDialogProps {
  title: string;
  /** The effect on the objects, with numbers and names. */
  children: ReactNode;
  /** The verb: `Revoke token`. */
  action: string;
  /** The button that closes the dialog without the action. */
  cancel?: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  errorText: (error: unknown) => string;
  /** Disables the action until the user has completed the dialog. */
  isDisabled?: boolean;
  size?: number;
  /** The action can be undone, so its button is not red. */
  isSafe?: boolean;
  /** The action affects many objects: the user types this name, or their number, first. */
  typeName?: string | undefined;
}

/** Confirms an important action. If the action fails, the dialog stays open and shows the error. */
export function ConfirmDialog({
  title,
  children,
  action,
  cancel = "Cancel",
  onConfirm,
  onClose,
  errorText,
  isDisabled = false,
  size = 480,
  isSafe = false,
  typeName,
}: ConfirmDialogProps) {
  const [isTyped, setTyped] = useState(typeName === undefined);
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<string>();
  async function confirm() {
    setWorking(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (thrown) {
      setError(errorText(thrown));
      setWorking(false);
    }
  }
  return (
    <Dialog onDismiss={onClose} title={title} size={size}>
      <Stack gap="md">
        <div>{children}</div>
        {typeName !== undefined && <TypedConfirmation text={typeName} onTyped={setTyped} />}
        {error && <Notice kind="danger">{error}</Notice>}
        <Group justify="flex-end" gap="xs" className={classes.actions}>
          <Button variant="default" onClick={onClose} data-autofocus>
            {cancel}
          </Button>
          <Button
            {...(isSafe ? {} : { color: "danger" })}
            onClick={confirm}
            loading={working}
            disabled={isDisabled || !isTyped}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
