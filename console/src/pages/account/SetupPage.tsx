import { completeSetup, signIn } from "@attacklens/protocol/account.ts";
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { callApi, problemOf } from "../../api.ts";
import { Form } from "../../components/Form.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { NewPasswordInput } from "../../components/NewPasswordInput.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { meQuery, setupQuery } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { PublicFrame } from "./PublicFrame.tsx";

const route = getRouteApi("/setup");

/** Creates the first Super Admin. It needs the code from the setup link that the server prints. */
export function SetupPage() {
  const code = route.useLoaderData();
  if (!code) return <SetupLinkNeeded />;
  return <SetupForm code={code} />;
}

function SetupLinkNeeded() {
  return (
    <PublicFrame title="Set up AttackLens" text="This installation has no Super Admin yet.">
      <Notice kind="info">
        Open the setup link that the server printed when it first started. Look in the terminal or in the log
        of the service for a line with <code>/setup#code=</code>.
      </Notice>
    </PublicFrame>
  );
}

const EMPTY = { name: "", email: "", password: "", repeat: "" };

const validate = validateBody<typeof EMPTY>({ schema: completeSetup.body.omit({ code: true }).strip() });

function SetupForm({ code }: { code: string }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({
    initialValues: EMPTY,
    validate: (values) => ({
      ...validate(values),
      ...(values.repeat === values.password ? {} : { repeat: "The passwords do not match" }),
    }),
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const isUnknown = useRef(false);

  /**
   * The link works once. If the reply was lost, the account may exist, so this signs in with the same
   * password.
   */
  async function createAccount(body: Parameters<typeof callApi<typeof completeSetup>>[1]["body"]) {
    try {
      return await callApi(completeSetup, { body });
    } catch (error) {
      const { code, status } = problemOf(error);
      if (status >= 500) isUnknown.current = true;
      if (code !== "setup-closed" || !isUnknown.current) throw error;
      const { email, password } = body;
      const result = await callApi(signIn, { body: { email, password } }).catch(() => undefined);
      if (!result || "secondFactor" in result) throw error;
      return result;
    }
  }

  const send = form.onSubmit(({ name, email, password }) =>
    submit(async () => {
      const me = await createAccount({ code, name, email, password });
      queryClient.setQueryData(setupQuery.queryKey, { needed: false, isSignedIn: true });
      queryClient.setQueryData(meQuery.queryKey, me);
      await navigate({ ...paths.home(), replace: true });
    }),
  );

  return (
    <PublicFrame
      title="Set up AttackLens"
      text="Create the first account. It is a Super Admin and has all permissions."
    >
      <Form onSubmit={send} isSubmitting={isSubmitting}>
        <Stack gap="md">
          <TextInput label="Name" autoComplete="name" autoFocus {...form.getInputProps("name")} />
          <TextInput
            label="Email"
            type="email"
            autoComplete="username"
            description="You sign in with this address"
            {...form.getInputProps("email")}
          />
          <NewPasswordInput
            label="Password"
            known={[form.values.name, form.values.email]}
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
      </Form>
    </PublicFrame>
  );
}
