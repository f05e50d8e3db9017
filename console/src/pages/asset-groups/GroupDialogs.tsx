import {
  type AssetGroup,
  createAssetGroup,
  getAssetGroup,
  renameAssetGroup,
} from "@attacklens/protocol/asset-groups.ts";
import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { apiQuery, refresh } from "../../queries.ts";

export function CreateGroupDialog() {
  const disabledReason = usePermissionReason("assets:manage");
  return (
    <GroupNameDialog
      title="Create Asset Group"
      submit="Create Asset Group"
      name=""
      onSubmit={(name) => callApi(createAssetGroup, { body: { name } })}
      disabledReason={disabledReason}
    />
  );
}

const editRoute = getRouteApi("/app/assets/groups/$groupId/edit");

export function RenameGroupDialog() {
  const { groupId } = editRoute.useParams();
  const { data: group } = useSuspenseQuery(apiQuery(getAssetGroup, { params: { id: groupId } }));
  const { allowed, reason } = group.can.rename;
  return (
    <GroupNameDialog
      title="Rename Asset Group"
      submit="Rename"
      name={group.name}
      onSubmit={(name) => callApi(renameAssetGroup, { params: { id: groupId }, body: { name } })}
      disabledReason={allowed ? undefined : (reason ?? "Not possible now")}
    />
  );
}

interface GroupNameDialogProps {
  title: string;
  submit: string;
  name: string;
  onSubmit: (name: string) => Promise<AssetGroup>;
  disabledReason: string | undefined;
}

function GroupNameDialog({ title, submit: label, name, onSubmit, disabledReason }: GroupNameDialogProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({
    initialValues: { name },
    validate: { name: (typed) => (typed.trim() ? null : "Enter a name") },
  });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const close = () => navigate({ ...paths.assetGroups(), search: true, replace: true });
  const send = form.onSubmit((values) =>
    submit(async () => {
      await onSubmit(values.name.trim());
      await refresh(queryClient, "assetGroups", "assets", "enrollmentTokens", "sensors");
      await close();
    }),
  );
  return (
    <FormDialog
      title={title}
      submit={label}
      onSubmit={send}
      onClose={() => void close()}
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
        placeholder="Production"
        {...form.getInputProps("name")}
      />
    </FormDialog>
  );
}
