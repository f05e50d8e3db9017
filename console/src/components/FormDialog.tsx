import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { ActionButton } from "../ui/ActionButton.tsx";
import { Notice } from "../ui/Notice.tsx";
import classes from "./FormDialog.module.css";

interface FormDialogProps {
  title: string;
  children: ReactNode;
  submit: string;
  onSubmit: React.SubmitEventHandler<HTMLFormElement>;
  onClose: () => void;
  /** A click outside must not discard typed input. */
  isDirty: boolean;
  isSubmitting: boolean;
  /** A problem that belongs to no field. */
  error?: string | undefined;
  disabledReason?: string | undefined;
}

/** A dialog to create or edit an object. Enter submits it. */
export function FormDialog(props: FormDialogProps) {
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size={520}
      closeOnClickOutside={!props.isDirty}
      closeButtonProps={{ "aria-label": "Close dialog" }}
    >
      <form onSubmit={props.onSubmit} noValidate>
        <Stack gap="md">
          {props.children}
          {props.error && <Notice kind="danger">{props.error}</Notice>}
          <Group justify="flex-end" gap="xs" className={classes.end}>
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <ActionButton type="submit" loading={props.isSubmitting} disabledReason={props.disabledReason}>
              {props.submit}
            </ActionButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
