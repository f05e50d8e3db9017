import { confirmIdentity } from "@attacklens/protocol/sessions.ts";
import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { KeyboardEvent } from "react";
import { callApi } from "../api.ts";
import { Notice } from "../ui/Notice.tsx";
import { validateBody } from "./form-schema.ts";
import { useSubmit } from "./use-submit.ts";

/** Above the dialog whose request waits. */
const ABOVE_DIALOGS = 300;
/** Keeps the dialog below from closing with Escape, too. */
const OWN_KEYS = { "data-mantine-stop-propagation": true };

const validate = validateBody<{ password: string }>({ schema: confirmIdentity.body });

/** Asks for the password, because a request waits for a recent sign-in. */
export function IdentityConfirmation({ onAnswer }: { onAnswer: (isConfirmed: boolean) => void }) {
  const form = useForm({ initialValues: { password: "" }, validate });
  const { submit, isSubmitting, error } = useSubmit(form);
  const send = form.onSubmit((body) =>
    submit(async () => {
      await callApi(confirmIdentity, { body });
      onAnswer(true);
    }),
  );
  const cancel = () => onAnswer(false);
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key === "Escape") cancel();
  };
  return (
    <Modal
      opened
      onClose={cancel}
      title="Confirm that it is you"
      size={420}
      zIndex={ABOVE_DIALOGS}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      onKeyDown={closeOnEscape}
    >
      <form onSubmit={send} noValidate>
        <Stack gap="md">
          <Text>You signed in more than 15 minutes ago, and this action needs a recent sign-in.</Text>
          <PasswordInput
            label="Your password"
            autoComplete="current-password"
            data-autofocus
            {...OWN_KEYS}
            {...form.getInputProps("password")}
          />
          {error && <Notice kind="danger">{error}</Notice>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={cancel} {...OWN_KEYS}>
              Cancel
            </Button>
            <Button type="submit" loading={isSubmitting} {...OWN_KEYS}>
              Confirm
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
