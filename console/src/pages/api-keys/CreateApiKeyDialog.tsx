import { createApiKey } from "@attacklens/protocol/api-keys.ts";
import { ROLE_NAMES, ROLES, type Role } from "@attacklens/protocol/permissions.ts";
import { Radio, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { CommandBlock } from "../../components/CommandBlock.tsx";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { meQuery, refresh } from "../../queries.ts";
import { exactTime } from "../../ui/time.ts";

const DAY_MS = 86_400_000;

interface KeyValues {
  name: string;
  role: Role;
  days: string;
}

function toBody({ name, role, days }: KeyValues) {
  return { name: name.trim(), role, expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() };
}

const INITIAL_VALUES: KeyValues = { name: "", role: "posture-manager", days: "90" };

const validate = validateBody<KeyValues>({ schema: createApiKey.body, toBody });

const LIFETIMES = [
  { days: 7, label: "7 days" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "1 year" },
] as const;

const ROLE_DESCRIPTIONS: Record<Role, string> = {
  viewer: "Can read everything except secrets",
  "posture-manager": "Can also manage tokens, sensors, assets and asset groups",
  admin: "Has the permissions of an Admin, except managing API keys",
  "super-admin": "Has the permissions of a Super Admin, except managing API keys",
};

interface CreatedKey {
  name: string;
  expiresAt: string;
  value: string;
}

/** The form, then the value of the key, which is shown once. */
export function CreateApiKeyDialog() {
  const [created, setCreated] = useState<CreatedKey>();
  const [createKey] = useState(() => openCreation(createApiKey));
  const { data: me } = useSuspenseQuery(meQuery);
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const disabledReason = usePermissionReason("api-keys:manage");
  const form = useForm({ initialValues: INITIAL_VALUES, validate });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const close = () => void navigate({ ...paths.apiKeys(), search: true, replace: true });

  async function create(sent: KeyValues) {
    const { apiKey, value } = await createKey(sent, () => ({ body: toBody(sent) }));
    setCreated({ name: apiKey.name, expiresAt: apiKey.expiresAt, value });
    void refresh(queryClient, "apiKeys");
  }

  if (created) {
    return (
      <ShowOnceDialog
        title="Store the key now"
        intro={
          <>
            <strong>{created.name}</strong> is created. It is valid until {exactTime(created.expiresAt)}.
          </>
        }
        noun="key"
        label="API key"
        value={created.value}
        onForget={() => setCreated(undefined)}
        onClose={close}
      >
        <CommandBlock
          title="Use it on the command line"
          command={[
            "read -rs ATTACKLENS_API_KEY; export ATTACKLENS_API_KEY",
            `attacklens token list --server ${window.location.origin}`,
          ].join("\n")}
          note="The first line reads the key without showing it. Programs send the key in the Authorization: Bearer header."
        />
      </ShowOnceDialog>
    );
  }
  return (
    <FormDialog
      title="Create API key"
      submit="Create key"
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
        placeholder="Deployment pipeline"
        description="The program that uses this key"
        inputWrapperOrder={["label", "input", "description", "error"]}
        {...form.getInputProps("name")}
      />
      <Radio.Group
        label="Role"
        description="The key never has more permissions than your own role"
        {...form.getInputProps("role")}
      >
        <Stack gap={6} mt={6}>
          {ROLES.slice(0, ROLES.indexOf(me.role) + 1).map((role) => (
            <Radio key={role} value={role} label={ROLE_NAMES[role]} description={ROLE_DESCRIPTIONS[role]} />
          ))}
        </Stack>
      </Radio.Group>
      <Select
        label="Valid for"
        data={LIFETIMES.map(({ days, label }) => ({ value: String(days), label }))}
        allowDeselect={false}
        {...form.getInputProps("days")}
      />
    </FormDialog>
  );
}
