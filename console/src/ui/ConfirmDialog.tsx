import { Button, Group, Modal, Stack } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Notice } from "./Notice.tsx";

interface ConfirmDialogProps {
  title: string;
  /** What will happen to what, with numbers and names. */
  children: ReactNode;
  /** The verb: `Revoke token`. */
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  errorText: (error: unknown) => string;
  /** The question is not answered yet: the verb cannot be used. */
  isDisabled?: boolean;
  size?: number;
  /** What is done can be undone: the verb does not warn. */
  isSafe?: boolean;
}

/** Asks before what matters. A refusal is shown in the dialog, which stays. */
export function ConfirmDialog({
  title,
  children,
  action,
  onConfirm,
  onClose,
  errorText,
  isDisabled = false,
  size = 480,
  isSafe = false,
}: ConfirmDialogProps) {
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
    <Modal opened onClose={onClose} title={title} size={size} withCloseButton={false}>
      <Stack gap="md">
        <div>{children}</div>
        {error && <Notice kind="danger">{error}</Notice>}
        <Group justify="flex-end" gap="xs" mt="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button
            {...(isSafe ? {} : { color: "danger" })}
            onClick={confirm}
            loading={working}
            disabled={isDisabled}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
