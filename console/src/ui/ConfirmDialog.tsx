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
}

/** Asks before what cannot be undone. A refusal is shown in the dialog, which stays. */
export function ConfirmDialog({
  title,
  children,
  action,
  onConfirm,
  onClose,
  errorText,
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
    <Modal opened onClose={onClose} title={title} size={480} withCloseButton={false}>
      <Stack gap="md">
        <div>{children}</div>
        {error && <Notice kind="danger">{error}</Notice>}
        <Group justify="flex-end" gap="xs" mt="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="danger" onClick={confirm} loading={working}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
