import { changePassword } from "@attacklens/protocol/account.ts";
import { PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { NewPasswordInput } from "../../components/NewPasswordInput.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { meQuery, refresh } from "../../queries.ts";
import { Notice } from "../../ui/Notice.tsx";
import { countOf } from "../../ui/numbers.ts";

const EMPTY = { currentPassword: "", newPassword: "", repeat: "" };

const validate = validateBody<typeof EMPTY>({
  schema: changePassword.body.strip(),
  repeated: "newPassword",
});

export function ChangePasswordDialog() {
  const { data: me } = useSuspenseQuery(meQuery);
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({
    initialValues: EMPTY,
    validate,
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const close = () => navigate({ ...paths.account(), replace: true });
  const send = form.onSubmit(({ currentPassword, newPassword }) =>
    submit(async () => {
      const { endedSessions } = await callApi(changePassword, { body: { currentPassword, newPassword } });
      await refresh(queryClient, "sessions");
      const ended = endedSessions === 0 ? "" : ` ${countOf(endedSessions, "other session")} ended.`;
      notifications.show({ message: `The password is changed.${ended}` });
      await close();
    }),
  );
  return (
    <FormDialog
      title="Change password"
      submit="Change password"
      onSubmit={send}
      onClose={() => void close()}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
    >
      {/* Password managers assign the new password to this name. */}
      <input type="text" autoComplete="username" defaultValue={me.email} hidden />
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        data-autofocus
        {...form.getInputProps("currentPassword")}
      />
      <NewPasswordInput
        label="New password"
        known={[me.name, me.email]}
        {...form.getInputProps("newPassword")}
      />
      <PasswordInput
        label="Repeat new password"
        autoComplete="new-password"
        {...form.getInputProps("repeat")}
      />
      <Notice kind="info">
        Your other sessions are signed out. This one and your API keys keep working.
      </Notice>
    </FormDialog>
  );
}
