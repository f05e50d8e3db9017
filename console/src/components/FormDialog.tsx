import { Button, Group, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { paths } from "../paths.ts";
import { ActionButton } from "../ui/ActionButton.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Notice } from "../ui/Notice.tsx";
import { isNotPermitted, type Obstacle } from "../ui/obstacle.ts";
import { Form } from "./Form.tsx";
import classes from "./FormDialog.module.css";
import { TextLink } from "./links.tsx";
import { useServerState } from "./server-state.ts";
import { useDiscard } from "./use-discard.tsx";

interface FormDialogProps {
  title: string;
  children: ReactNode;
  submit: string;
  onSubmit: React.SubmitEventHandler<HTMLFormElement>;
  onClose: () => void;
  /** The input differs from what the form opened with. The dialog asks before it discards the input. */
  isDirty: boolean;
  isSubmitting: boolean;
  /** A problem that belongs to no field. */
  error?: string | undefined;
  disabledReason?: Obstacle | undefined;
}

/** A dialog to create or edit an object. Enter submits it. Without the role, it says who can. */
export function FormDialog({ isDirty, isSubmitting, onClose, ...props }: FormDialogProps) {
  const { requestClose, question } = useDiscard(isDirty, isSubmitting, onClose);
  const isSignedOut = useServerState() === "signed-out";
  const { disabledReason } = props;
  if (isNotPermitted(disabledReason)) {
    return (
      <Dialog title={props.title} size={520} onDismiss={onClose} withCloseButton>
        <Stack gap="md">
          <Notice kind="info">{disabledReason.notPermitted}</Notice>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              Close
            </Button>
          </Group>
        </Stack>
      </Dialog>
    );
  }
  return (
    <>
      <Dialog title={props.title} size={520} onDismiss={requestClose} withCloseButton trapFocus={!question}>
        <Form onSubmit={props.onSubmit} isSubmitting={isSubmitting}>
          <Stack gap="md">
            {props.children}
            {isSignedOut && <SessionEnded />}
            {props.error && !isSignedOut && <Notice kind="danger">{props.error}</Notice>}
            <Group justify="flex-end" gap="xs" className={classes.end}>
              <Button variant="default" onClick={requestClose}>
                Cancel
              </Button>
              <ActionButton type="submit" loading={isSubmitting} disabledReason={disabledReason}>
                {props.submit}
              </ActionButton>
            </Group>
          </Stack>
        </Form>
      </Dialog>
      {question}
    </>
  );
}

/** The session ended while the form has input. The session of a new sign-in serves this tab as well. */
function SessionEnded() {
  return (
    <Notice kind="warning">
      Your session has ended. Your input is kept.{" "}
      <TextLink {...paths.signIn()} target="_blank">
        Sign in in a new tab
      </TextLink>
      , then submit this form.
    </Notice>
  );
}
