import { type ShownLink, useLink } from "@attacklens/protocol/one-time-links.ts";
import { ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useLoaderData, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { callApi } from "../../api.ts";
import { Form } from "../../components/Form.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { ButtonLink } from "../../components/links.tsx";
import { NewPasswordInput } from "../../components/NewPasswordInput.tsx";
import { addedBy } from "../../components/role-words.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { meQuery } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { exactTime } from "../../ui/time.ts";
import { forgetLink, type LoadedLink } from "./one-time-link.ts";
import { PublicFrame } from "./PublicFrame.tsx";
import { useOnceOnly } from "./use-once-only.ts";

/** The page of an invitation, and that of a password reset. */
export function OneTimeLinkPage() {
  const loaded: LoadedLink = useLoaderData({ strict: false });
  // The user opens another link in the same tab. The browser does not load a page for it.
  useEffect(() => {
    const load = () => window.location.hash && window.location.reload();
    window.addEventListener("hashchange", load);
    return () => window.removeEventListener("hashchange", load);
  }, []);
  if ("problem" in loaded) return <UnusableLink problem={loaded.problem} />;
  return <PasswordForm {...loaded} />;
}

function UnusableLink({ problem }: { problem: string }) {
  return (
    <PublicFrame title="This link can't be used">
      <Stack gap="md">
        <Notice kind="warning">{problem}</Notice>
        <ButtonLink {...paths.signIn()} variant="default" fullWidth>
          Go to sign-in
        </ButtonLink>
      </Stack>
    </PublicFrame>
  );
}

interface Values {
  name: string;
  password: string;
  repeat: string;
}

const validate = validateBody<Values>({
  schema: useLink.body.omit({ value: true }).strip(),
  repeated: "password",
});

function PasswordForm({ value, link }: { value: string; link: ShownLink }) {
  const isInvitation = link.purpose === "invitation";
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm<Values>({
    initialValues: { name: link.name, password: "", repeat: "" },
    validate,
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const onceOnly = useOnceOnly("link-invalid");

  const send = form.onSubmit(({ name, password }) =>
    submit(async () => {
      const body = { value, password, ...(isInvitation ? { name: name.trim() } : {}) };
      const me = await onceOnly({ call: () => callApi(useLink, { body }), email: link.email, password });
      forgetLink();
      // Another user may have used this page before.
      queryClient.clear();
      queryClient.setQueryData(meQuery.queryKey, me);
      await navigate({ ...paths.home(), replace: true });
    }),
  );

  return (
    <PublicFrame title={isInvitation ? "Join AttackLens" : "Set a new password"} text={introOf(link)}>
      <Form onSubmit={send} isSubmitting={isSubmitting}>
        <Stack gap="md">
          <TextInput label="Email" autoComplete="username" readOnly value={link.email} />
          {isInvitation && (
            <TextInput label="Name" autoComplete="name" maxLength={100} {...form.getInputProps("name")} />
          )}
          <NewPasswordInput
            label={isInvitation ? "Password" : "New password"}
            known={[form.values.name, link.email]}
            autoFocus
            {...form.getInputProps("password")}
          />
          <PasswordInput
            label="Repeat password"
            autoComplete="new-password"
            {...form.getInputProps("repeat")}
          />
          {error && <Notice kind="danger">{error}</Notice>}
          <Button type="submit" loading={isSubmitting} fullWidth>
            {isInvitation ? "Accept invitation" : "Set password"}
          </Button>
          <Text size="xs" c="dimmed">
            This link works once, until {exactTime(link.expiresAt)}.
          </Text>
        </Stack>
      </Form>
    </PublicFrame>
  );
}

function introOf({ purpose, createdBy, role }: ShownLink): string {
  const creator = createdBy ?? "The operator of the server";
  if (purpose === "password-reset")
    return `${creator} created this link. When you set the password, your sessions end and your second factors are removed.`;
  return `${creator} invited you. Your role is ${ROLE_NAMES[role]}: you can ${addedBy(role)}.`;
}
