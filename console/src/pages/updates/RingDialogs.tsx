import { createUpdateRing, type UpdateRing, updateUpdateRing } from "@attacklens/protocol/update-rings.ts";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { callApi, openCreation } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { RingFields } from "./RingFields.tsx";
import { initialRingValues, type RingValues, toRingBody, valuesOf } from "./ring-values.ts";
import { updatesQuery } from "./update-queries.ts";

const editRoute = getRouteApi("/app/sensors/updates/rings/$ringId/edit");

const validate = validateBody<RingValues>({
  schema: createUpdateRing.body,
  toBody: toRingBody,
  renamed: { hours: "from" },
});

export function CreateRingDialog() {
  const { data } = useSuspenseQuery(updatesQuery);
  const [createRing] = useState(() => openCreation(createUpdateRing));
  const [initial] = useState(() => initialRingValues(Intl.DateTimeFormat().resolvedOptions().timeZone));
  return (
    <RingDialog
      title="Create Ring"
      submit="Create Ring"
      initial={initial}
      disabledReason={disabledReason(data.can.create)}
      onSubmit={(values) => createRing(values, () => ({ body: toRingBody(values) }))}
    />
  );
}

export function EditRingDialog() {
  const { ringId } = editRoute.useParams();
  const { data } = useSuspenseQuery(updatesQuery);
  const [ring] = useState(() => data.rings.find(({ id }) => id === ringId));
  if (!ring) return null;
  return (
    <RingDialog
      title="Edit Ring"
      submit="Save"
      ring={ring}
      initial={valuesOf(ring)}
      disabledReason={disabledReason(ring.can.edit)}
      onSubmit={(values) => {
        const { name, assetGroupIds, ...settings } = toRingBody(values);
        const body = ring.isLast ? settings : { ...settings, name, assetGroupIds };
        return callApi(updateUpdateRing, { params: { id: ringId }, body });
      }}
    />
  );
}

interface RingDialogProps {
  title: string;
  submit: string;
  /** Absent: a new ring. */
  ring?: UpdateRing;
  initial: RingValues;
  disabledReason: string | undefined;
  onSubmit: (values: RingValues) => Promise<unknown>;
}

function RingDialog({ title, submit: label, ring, initial, disabledReason, onSubmit }: RingDialogProps) {
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
