import { confirmWithPasskey } from "@attacklens/protocol/passkeys.ts";
import { confirmIdentity } from "@attacklens/protocol/sessions.ts";
import { Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { callApi } from "../api.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Notice } from "../ui/Notice.tsx";
import { Form } from "./Form.tsx";
import { validateBody } from "./form-schema.ts";
import { PasskeyButton } from "./PasskeyButton.tsx";
import { useSubmit } from "./use-submit.ts";

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
  return (
    <Dialog title="Confirm that it is you" size={420} onDismiss={cancel}>
      <Form onSubmit={send} isSubmitting={isSubmitting}>
        <Stack gap="md">
          <Text>You signed in more than 15 minutes ago, and this action needs a recent sign-in.</Text>
          <PasswordInput
            label="Your password"
            autoComplete="current-password"
            data-autofocus
            {...form.getInputProps("password")}
          />
          <PasskeyButton
            label="Use a passkey instead"
            onReply={async (body) => {
              await callApi(confirmWithPasskey, { body });
              onAnswer(true);
            }}
          />
          {error && <Notice kind="danger">{error}</Notice>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={cancel}>
              Cancel
            </Button>
            <Button type="submit" loading={isSubmitting}>
              Confirm
            </Button>
          </Group>
        </Stack>
      </Form>
    </Dialog>
  );
}
