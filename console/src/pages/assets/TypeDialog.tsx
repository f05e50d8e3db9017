import { ASSET_TYPES, type AssetType } from "@attacklens/protocol/assets.ts";
import { Select } from "@mantine/core";
import { useForm } from "@mantine/form";
import { FormDialog } from "../../components/FormDialog.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import type { Obstacle } from "../../ui/obstacle.ts";
import { ASSET_TYPE_NAMES } from "./asset-words.ts";

const DERIVED = "derived";
const CHOICES = [
  { value: DERIVED, label: "From the sensor's reports" },
  ...ASSET_TYPES.map((type) => ({ value: type, label: ASSET_TYPE_NAMES[type] })),
];

interface TypeDialogProps {
  title: string;
  submit: string;
  /** null: from the reports. */
  type: AssetType | null;
  onSubmit: (type: AssetType | null) => Promise<void>;
  onClose: () => void;
  disabledReason?: Obstacle | undefined;
}

/** Asks for a type of assets. */
export function TypeDialog({ title, submit: label, type: initial, onSubmit, ...props }: TypeDialogProps) {
  const form = useForm({ initialValues: { type: initial ?? DERIVED } });
  const { submit, isSubmitting, error } = useSubmit(form);
  return (
    <FormDialog
      title={title}
      submit={label}
      onSubmit={form.onSubmit(({ type }) =>
        submit(() => onSubmit(type === DERIVED ? null : (type as AssetType))),
      )}
      onClose={props.onClose}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={props.disabledReason}
    >
      <Select
        label="Type"
        description="Reports do not change a type that you choose here."
        data={CHOICES}
        allowDeselect={false}
        data-autofocus
        {...form.getInputProps("type")}
      />
    </FormDialog>
  );
}
