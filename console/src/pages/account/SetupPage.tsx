import { completeSetup } from "@attacklens/protocol/account.ts";
import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { Form } from "../../components/Form.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { NewPasswordInput } from "../../components/NewPasswordInput.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { meQuery, setupQuery } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { PublicFrame } from "./PublicFrame.tsx";
import { useOnceOnly } from "./use-once-only.ts";

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

const validate = validateBody<typeof EMPTY>({
  schema: completeSetup.body.omit({ code: true }).strip(),
  repeated: "password",
});

function SetupForm({ code }: { code: string }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({
    initialValues: EMPTY,
    validate,
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const onceOnly = useOnceOnly("setup-closed");

  const send = form.onSubmit(({ name, email, password }) =>
    submit(async () => {
      const body = { code, name, email, password };
      const me = await onceOnly({ call: () => callApi(completeSetup, { body }), email, password });
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
