import { createUpdateRing, type UpdateRing } from "@attacklens/protocol/update-rings.ts";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import type { Obstacle } from "../../ui/obstacle.ts";
import { RingFields } from "./RingFields.tsx";
import { type RingValues, toRingBody } from "./ring-values.ts";

const validate = validateBody<RingValues>({
  schema: createUpdateRing.body,
  toBody: toRingBody,
  renamed: { hours: "from" },
});

interface RingDialogProps {
  title: string;
  submit: string;
  /** Absent: a new ring. */
  ring?: UpdateRing;
  initial: RingValues;
  disabledReason: Obstacle | undefined;
  onSubmit: (values: RingValues) => Promise<unknown>;
}

/** The form of a new ring or of an existing one. */
export function RingDialog({
  title,
  submit: label,
  ring,
  initial,
  disabledReason,
  onSubmit,
}: RingDialogProps) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({ initialValues: initial, validate });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const close = () => void navigate({ ...paths.updates(), replace: true });
  const send = form.onSubmit((values) =>
    submit(async () => {
      await onSubmit(values);
      await refresh(queryClient, "updates");
      close();
    }),
  );
  return (
    <FormDialog
      title={title}
      submit={label}
      onSubmit={send}
      onClose={close}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
      disabledReason={disabledReason}
    >
      <RingFields form={form} ring={ring} />
    </FormDialog>
  );
}
