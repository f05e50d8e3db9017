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
import { hasPasskeys, NO_PASSKEYS } from "../../passkeys.ts";
import { Notice } from "../../ui/Notice.tsx";
import { CodeInput } from "./CodeInput.tsx";
import { PublicFrame } from "./PublicFrame.tsx";

interface SecondStepProps {
  needed: SecondFactorNeeded["secondFactor"];
  onSignedIn: (me: Account) => void;
  /** Back to the password, with the reason if there is one. */
  onRestart: (reason?: string) => void;
}

type Method = SecondFactorNeeded["secondFactor"]["methods"][number];

const TEXTS: Record<Method, string> = {
  code: "Enter the code that your authenticator app shows for AttackLens.",
  passkey: "Use one of your passkeys. The browser asks for a fingerprint, a face or a PIN.",
  recoveryCode: "Enter one of the recovery codes that you stored. Each works once.",
};

/** The second step of a sign-in: a passkey, a code of the authenticator app, or a recovery code. */
export function SecondStep({ needed: { step, methods }, onSignedIn, onRestart }: SecondStepProps) {
  const [method, setMethod] = useState<Method>(methods[0] ?? "code");
  const form = useForm({
    initialValues: { code: "", recoveryCode: "" },
    validate: (values) =>
      method !== "passkey" && values[method].trim() === "" ? { [method]: "Required" } : {},
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
  const passkey = (
    <PasskeyButton
      label="Use a passkey"
      onReply={async (body) => onSignedIn(await callApi(signInWithPasskey, { body }))}
    />
  );
  return (
    <PublicFrame title="Second step" text={TEXTS[method]}>
      <Form onSubmit={send} isSubmitting={isSubmitting}>
        <Stack gap="md">
          {method === "code" && <CodeInput key="code" autoFocus {...form.getInputProps("code")} />}
          {method === "recoveryCode" && (
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
          {method !== "passkey" && (
            <Button type="submit" loading={isSubmitting} fullWidth>
              Sign in
            </Button>
          )}
          {method === "passkey" && !hasPasskeys() && <Notice kind="warning">{NO_PASSKEYS}</Notice>}
          {methods.includes("passkey") && passkey}
          {method !== "code" && methods.includes("code") && (
            <Button variant="subtle" fullWidth onClick={() => setMethod("code")}>
              Use the authenticator app
            </Button>
          )}
          {method !== "recoveryCode" && methods.includes("recoveryCode") && (
            <Button variant="subtle" fullWidth onClick={() => setMethod("recoveryCode")}>
              Use a recovery code
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
