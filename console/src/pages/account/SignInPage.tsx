import { getMe, signIn } from "@attacklens/protocol/account.ts";
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { callApi } from "../../api.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { pathAfterSignIn } from "../../paths.ts";
import { apiQuery, setupQuery } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { PublicFrame } from "./PublicFrame.tsx";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const { then } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  useEffect(() => forgetSession(queryClient), [queryClient]);
  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: {
      email: (email) => (email.trim() ? null : "Enter your e-mail address"),
      password: (password) => (password ? null : "Enter your password"),
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form);

  const send = form.onSubmit(({ email, password }) =>
    submit(async () => {
      const me = await callApi(signIn, { body: { email: email.trim(), password } });
      queryClient.setQueryData(apiQuery(getMe, {}).queryKey, me);
      router.history.replace(pathAfterSignIn(then));
    }),
  );

  return (
    <PublicFrame title="Sign in">
      <form onSubmit={send} noValidate>
        <Stack gap="md">
          <TextInput
            label="E-mail"
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
          {error && <Notice kind="danger">{error}</Notice>}
          <Button type="submit" loading={isSubmitting} fullWidth>
            Sign in
          </Button>
        </Stack>
      </form>
    </PublicFrame>
  );
}

/**
 * Nothing of an earlier session is shown in the next one. Earlier than here, pages that are still mounted would lose what they show.
 * What this page itself loads, perhaps at this moment, belongs to no session.
 */
function forgetSession(queryClient: QueryClient): void {
  const [publicNoun] = setupQuery.queryKey;
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== publicNoun });
  queryClient.getMutationCache().clear();
}
