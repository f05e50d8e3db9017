import { ROLE_NAMES, type Role } from "@attacklens/protocol/permissions.ts";
import { updateUser } from "@attacklens/protocol/users.ts";
import { Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { RoleField } from "./RoleField.tsx";
import { userQuery } from "./user-queries.ts";

const route = getRouteApi("/app/team/users/$userId/role");

export function ChangeRoleDialog() {
  const { userId } = route.useParams();
  const { data: user } = useSuspenseQuery(userQuery(userId));
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm<{ role: Role }>({ initialValues: { role: user.role } });
  const { submit, isSubmitting, error } = useSubmit(form);
  const close = () => navigate({ ...paths.users(), search: true, replace: true });
  const send = form.onSubmit(({ role }) =>
    submit(async () => {
      await callApi(updateUser, { params: { id: user.id }, body: { role } });
      await refresh(queryClient, "users");
      notifications.show({ message: `${user.name} now has the role ${ROLE_NAMES[role]}.` });
      await close();
    }),
  );
  return (
    <FormDialog
      title={`Change role of ${user.name}`}
      submit="Change role"
      onSubmit={send}
      onClose={() => void close()}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason(user.can.changeRole)}
    >
      <RoleField hasFirstFocus {...form.getInputProps("role")} />
      <Text size="sm" c="dimmed">
        The new role applies from the user's next request.
        {user.apiKeys > 0 && " Their API keys never have more permissions than this role."}
      </Text>
    </FormDialog>
  );
}
