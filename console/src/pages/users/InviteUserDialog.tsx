import type { Role } from "@attacklens/protocol/permissions.ts";
import { inviteUser } from "@attacklens/protocol/users.ts";
import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { LinkDialog, type UserWithLink } from "./LinkDialog.tsx";
import { RoleField } from "./RoleField.tsx";

interface Invitation {
  name: string;
  email: string;
  role: Role;
}

const EMPTY: Invitation = { name: "", email: "", role: "viewer" };

const trimmed = ({ name, email, role }: Invitation) => ({ name: name.trim(), email: email.trim(), role });
const validate = validateBody<Invitation>({ schema: inviteUser.body, toBody: trimmed });

/** The form, then the link for the new user, which is shown once. */
export function InviteUserDialog() {
  const [invited, setInvited] = useState<UserWithLink>();
  const [invite] = useState(() => openCreation(inviteUser));
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const disabledReason = usePermissionReason("users:manage");
  const form = useForm({ initialValues: EMPTY, validate });
  const { submit, isSubmitting, error } = useSubmit(form, "email");
  const close = () => void navigate({ ...paths.users(), search: true, replace: true });

  async function create(sent: Invitation) {
    setInvited(await invite(sent, () => ({ body: trimmed(sent) })));
    void refresh(queryClient, "users");
  }

  if (invited) return <LinkDialog {...invited} onForget={() => setInvited(undefined)} onClose={close} />;
  return (
    <FormDialog
      title="Invite user"
      submit="Create invitation"
      onSubmit={form.onSubmit((sent) => submit(() => create(sent)))}
      onClose={close}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason}
    >
      <TextInput
        label="Name"
        required
        data-autofocus
        maxLength={100}
        autoComplete="off"
        placeholder="Grace Hopper"
        {...form.getInputProps("name")}
      />
      <TextInput
        label="Email"
        required
        type="email"
        autoComplete="off"
        placeholder="grace@example.com"
        description="The user signs in with this address. It cannot be changed. No email is sent."
        inputWrapperOrder={["label", "input", "description", "error"]}
        {...form.getInputProps("email")}
      />
      <RoleField {...form.getInputProps("role")} />
    </FormDialog>
  );
}
