import type { AssetDestination } from "@attacklens/protocol/assets.ts";
import { Radio, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { FormDialog } from "../../components/FormDialog.tsx";
import { GroupField } from "../../components/GroupField.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import type { Obstacle } from "../../ui/obstacle.ts";

interface DestinationDialogProps {
  title: string;
  submit: string;
  /** `name`: of the asset group; null: none. */
  onSubmit: (to: AssetDestination, name: string | null) => Promise<void>;
  onClose: () => void;
  disabledReason?: Obstacle | undefined;
}

/** Asks for the asset group that assets are moved to. */
export function DestinationDialog({ title, submit: label, onSubmit, ...props }: DestinationDialogProps) {
  const form = useForm({
    initialValues: { to: "group", assetGroupName: "" },
    validate: ({ to, assetGroupName }) =>
      to === "group" && assetGroupName.trim() === "" ? { assetGroupName: "Required" } : {},
  });
  const { submit, isSubmitting, error } = useSubmit(form, "assetGroupName");
  const { to, assetGroupName } = form.values;
  const name = to === "group" ? assetGroupName.trim() : null;
  return (
    <FormDialog
      title={title}
      submit={label}
      onSubmit={form.onSubmit(() =>
        submit(() => onSubmit(name === null ? { assetGroupId: null } : { assetGroupName: name }, name)),
      )}
      onClose={props.onClose}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={props.disabledReason}
    >
      <Radio.Group label="Move to" {...form.getInputProps("to")}>
        <Stack gap={6} mt={6}>
          <Radio value="group" label="An asset group" />
          {to === "group" && (
            <Stack pl={28}>
              <GroupField
                value={assetGroupName}
                onChange={(typed) => form.setFieldValue("assetGroupName", typed)}
                error={form.errors.assetGroupName as string | undefined}
              />
            </Stack>
          )}
          <Radio value="none" label="No asset group" />
        </Stack>
      </Radio.Group>
      <p className="quiet">
        Sensors of moved assets get their updates with the update ring of the new group. Reports and new
        enrollments do not move an asset back.
      </p>
    </FormDialog>
  );
}
