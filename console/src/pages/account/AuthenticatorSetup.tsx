import { confirmAuthenticatorApp, startAuthenticatorApp } from "@attacklens/protocol/two-factor.ts";
import { Button, Group, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { Form } from "../../components/Form.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { CopyText } from "../../ui/CopyText.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { CodeInput } from "./CodeInput.tsx";
import { QrCode } from "./QrCode.tsx";
import { RecoveryCodes } from "./RecoveryCodes.tsx";

const validate = validateBody<{ code: string }>({ schema: confirmAuthenticatorApp.body });

/** Adds an authenticator app: its QR code, a first code, and then the recovery codes. */
export function AuthenticatorSetup({ onDone, cancel }: { onDone: () => void; cancel: ReactNode }) {
  const started = useQuery({
    queryKey: ["authenticatorApp", "start"],
    queryFn: () => callApi(startAuthenticatorApp, {}),
    staleTime: "static",
    gcTime: 0,
    retry: false,
  });
  const [recoveryCodes, setRecoveryCodes] = useState<string[]>();
  const form = useForm({ initialValues: { code: "" }, validate });
  const { submit, isSubmitting, error } = useSubmit(form);
  const send = form.onSubmit((body) =>
    submit(async () => setRecoveryCodes((await callApi(confirmAuthenticatorApp, { body })).recoveryCodes)),
  );
  if (recoveryCodes) return <RecoveryCodes codes={recoveryCodes} onDone={onDone} />;
  if (started.error) {
    return (
      <Stack gap="md">
        <Notice kind="danger">{problemOf(started.error).detail}</Notice>
        <Group justify="flex-end">{cancel}</Group>
      </Stack>
    );
  }
  return (
    <Form onSubmit={send} isSubmitting={isSubmitting}>
      <Stack gap="md">
        <Text>
          Scan this code with an authenticator app, such as Google Authenticator, Microsoft Authenticator, or
          your password manager.
        </Text>
        {started.data ? (
          <>
            <QrCode content={started.data.uri} label="QR code for the authenticator app" />
            <div>
              <Text size="sm">Or enter this key in the app:</Text>
              <CopyText value={started.data.secret} name="key" />
            </div>
          </>
        ) : (
          <Text>Creating a key…</Text>
        )}
        <CodeInput
          label="Code from the app"
          description="The app shows a new code every 30 seconds"
          data-autofocus
          {...form.getInputProps("code")}
        />
        {error && <Notice kind="danger">{error}</Notice>}
        <Group justify="flex-end" gap="xs">
          {cancel}
          <Button type="submit" loading={isSubmitting} disabled={!started.data}>
            Add authenticator app
          </Button>
        </Group>
      </Stack>
    </Form>
  );
}
