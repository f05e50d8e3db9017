import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import type { Obstacle } from "../../ui/obstacle.ts";

interface GroupNameDialogProps {
  title: string;
  submit: string;
  name: string;
  onSubmit: (name: string) => Promise<unknown>;
  disabledReason: Obstacle | undefined;
}

const validate = validateBody<{ name: string }>({ schema: createAssetGroup.body });

export function GroupNameDialog({
  title,
  submit: label,
  name,
  onSubmit,
  disabledReason,
}: GroupNameDialogProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({ initialValues: { name }, validate });
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
