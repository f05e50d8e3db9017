import type { Account, SecondFactorNeeded } from "@attacklens/protocol/account.ts";
import { signInWithPasskey } from "@attacklens/protocol/passkeys.ts";
import { completeSignIn } from "@attacklens/protocol/two-factor.ts";
import { Button, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { Form } from "../../components/Form.tsx";
import { PasskeyButton } from "../../components/PasskeyButton.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { Notice } from "../../ui/Notice.tsx";
import { CodeInput } from "./CodeInput.tsx";
import { PublicFrame } from "./PublicFrame.tsx";

interface SecondStepProps {
  needed: SecondFactorNeeded["secondFactor"];
  onSignedIn: (me: Account) => void;
  /** Back to the password, with the reason if there is one. */
  onRestart: (reason?: string) => void;
}

/** The second step of a sign-in: a code of the authenticator app, or a recovery code. */
export function SecondStep({ needed: { step, methods }, onSignedIn, onRestart }: SecondStepProps) {
  const hasApp = methods.includes("code");
  const [method, setMethod] = useState<"code" | "recoveryCode">(hasApp ? "code" : "recoveryCode");
  const form = useForm({
    initialValues: { code: "", recoveryCode: "" },
    validate: (values) => (values[method].trim() === "" ? { [method]: "Required" } : {}),
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const send = form.onSubmit(({ code, recoveryCode }) =>
    submit(async () => {
      const proof = method === "code" ? { code } : { recoveryCode };
      try {
        onSignedIn(await callApi(completeSignIn, { body: { step, proof } }));
      } catch (error) {
        const { code, detail } = problemOf(error);
        if (code === "state-conflict") return onRestart(detail);
        form.setFieldValue(method, "");
        throw error;
      }
    }),
  );
  const isCode = method === "code";
  return (
    <PublicFrame
      title="Second step"
      text={
        isCode
          ? "Enter the code that your authenticator app shows for AttackLens."
          : "Enter one of the recovery codes that you stored. Each works once."
      }
    >
      <Form onSubmit={send} isSubmitting={isSubmitting}>
        <Stack gap="md">
          {isCode ? (
            <CodeInput key="code" autoFocus {...form.getInputProps("code")} />
          ) : (
            <TextInput
              key="recovery"
              label="Recovery code"
              autoFocus
              autoComplete="off"
              spellCheck={false}
              placeholder="xxxx-xxxx-xxxx-xxxx"
              {...form.getInputProps("recoveryCode")}
            />
          )}
          {error && <Notice kind="danger">{error}</Notice>}
          <Button type="submit" loading={isSubmitting} fullWidth>
            Sign in
          </Button>
          {methods.includes("passkey") && (
            <PasskeyButton
              label="Use a passkey"
              onReply={async (body) => onSignedIn(await callApi(signInWithPasskey, { body }))}
            />
          )}
          {hasApp && methods.includes("recoveryCode") && (
            <Button variant="subtle" fullWidth onClick={() => setMethod(isCode ? "recoveryCode" : "code")}>
              {isCode ? "Use a recovery code" : "Use the authenticator app"}
            </Button>
          )}
          <Button variant="subtle" fullWidth onClick={() => onRestart()}>
            Sign in as another user
          </Button>
        </Stack>
      </Form>
    </PublicFrame>
  );
}
