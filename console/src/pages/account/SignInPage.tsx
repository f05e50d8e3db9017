import { type Account, type SecondFactorNeeded, signIn } from "@attacklens/protocol/account.ts";
import { signInWithPasskey } from "@attacklens/protocol/passkeys.ts";
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { callApi } from "../../api.ts";
import { Form } from "../../components/Form.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { PasskeyButton } from "../../components/PasskeyButton.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { pathAfterSignIn } from "../../paths.ts";
import { meQuery, setupQuery } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { PublicFrame } from "./PublicFrame.tsx";
import { SecondStep } from "./SecondStep.tsx";

const route = getRouteApi("/sign-in");

const validate = validateBody<{ email: string; password: string }>({ schema: signIn.body });

export function SignInPage() {
  const { then } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  useEffect(() => forgetSession(queryClient), [queryClient]);
  const form = useForm({ initialValues: { email: "", password: "" }, validate });
  const { submit, isSubmitting, error } = useSubmit(form);

  const [needed, setNeeded] = useState<SecondFactorNeeded["secondFactor"]>();
  const [reason, setReason] = useState<string>();

  function enter(me: Account) {
    queryClient.setQueryData(meQuery.queryKey, me);
    router.history.replace(pathAfterSignIn(then));
  }
  const send = form.onSubmit(({ email, password }) =>
    submit(async () => {
      setReason(undefined);
      const result = await callApi(signIn, { body: { email: email.trim(), password } });
      if (!("secondFactor" in result)) return enter(result);
      form.setFieldValue("password", "");
      setNeeded(result.secondFactor);
    }),
  );
  function restart(reason?: string) {
    setNeeded(undefined);
    setReason(reason);
  }
  if (needed) return <SecondStep needed={needed} onSignedIn={enter} onRestart={restart} />;

  return (
    <PublicFrame title="Sign in">
      <Form onSubmit={send} isSubmitting={isSubmitting}>
        <Stack gap="md">
          <TextInput
            label="Email"
            type="email"
            autoComplete="username"
            autoFocus
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            {...form.getInputProps("password")}
          />
          {reason && !error && <Notice kind="info">{reason}</Notice>}
          {error && <Notice kind="danger">{error}</Notice>}
          <Button type="submit" loading={isSubmitting} fullWidth>
            Sign in
          </Button>
          <PasskeyButton
            label="Use a passkey"
            onReply={async (body) => enter(await callApi(signInWithPasskey, { body }))}
          />
        </Stack>
      </Form>
    </PublicFrame>
  );
}

/**
 * Removes the data of the previous session, except the data that this page loads, which belongs to no
 * session. It runs only here, because earlier it would remove the data of pages that are still mounted.
 */
function forgetSession(queryClient: QueryClient): void {
  const [publicNoun] = setupQuery.queryKey;
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== publicNoun });
  queryClient.getMutationCache().clear();
}
