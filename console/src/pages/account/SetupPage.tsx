import { completeSetup, getMe, PASSWORD_LENGTH, signIn } from "@attacklens/protocol/account.ts";
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { callApi, problemOf } from "../../api.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { apiQuery, setupQuery } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { PublicFrame } from "./PublicFrame.tsx";

const route = getRouteApi("/setup");

/** Makes the first Super Admin. Needs the code that only the link printed by the server holds. */
export function SetupPage() {
  const code = route.useLoaderData();
  if (!code) return <SetupLinkNeeded />;
  return <SetupForm code={code} />;
}

function SetupLinkNeeded() {
  return (
    <PublicFrame title="Set up AttackLens" text="This installation waits for its first Super Admin.">
      <Notice kind="info">
        Open the set-up link that the server printed when it first started. It is in the terminal, or in the
        log of the service: look for a line with <code>/setup#code=</code>.
      </Notice>
    </PublicFrame>
  );
}

function SetupForm({ code }: { code: string }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({
    initialValues: { name: "", email: "", password: "", repeat: "" },
    validate: {
      name: (name) => (name.trim() ? null : "Enter your name"),
      email: (email) => (/.@./.test(email) ? null : "Enter your e-mail address"),
      password: (password) =>
        password.length < PASSWORD_LENGTH.min ? `Use at least ${PASSWORD_LENGTH.min} characters` : null,
      repeat: (repeat, values) => (repeat === values.password ? null : "Differs from the password above"),
    },
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const isUnknown = useRef(false);

  /** The link works once: when the reply to it was lost, the account is there, and the same password opens it. */
  async function makeAccount(body: Parameters<typeof callApi<typeof completeSetup>>[1]["body"]) {
    try {
      return await callApi(completeSetup, { body });
    } catch (error) {
      const { code, status } = problemOf(error);
      if (status >= 500) isUnknown.current = true;
      if (code !== "setup-closed" || !isUnknown.current) throw error;
      const { email, password } = body;
      return await callApi(signIn, { body: { email, password } }).catch(() => {
        throw error;
      });
    }
  }

  const send = form.onSubmit(({ name, email, password }) =>
    submit(async () => {
      const me = await makeAccount({ code, name, email: email.trim(), password });
      queryClient.setQueryData(setupQuery.queryKey, { needed: false });
      queryClient.setQueryData(apiQuery(getMe, {}).queryKey, me);
      await navigate({ ...paths.home(), replace: true });
    }),
  );

  return (
    <PublicFrame
      title="Set up AttackLens"
      text="Make the first account. It is a Super Admin: it may do everything."
    >
      <form onSubmit={send} noValidate>
        <Stack gap="md">
          <TextInput label="Name" autoComplete="name" autoFocus {...form.getInputProps("name")} />
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            description="You sign in with it"
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label="Password"
            autoComplete="new-password"
            description={`At least ${PASSWORD_LENGTH.min} characters; several unrelated words do well`}
            {...form.getInputProps("password")}
          />
          <PasswordInput
            label="Repeat password"
            autoComplete="new-password"
            {...form.getInputProps("repeat")}
          />
          {error && <Notice kind="danger">{error}</Notice>}
          <Button type="submit" loading={isSubmitting} fullWidth>
            Create account
          </Button>
        </Stack>
      </form>
    </PublicFrame>
  );
}
