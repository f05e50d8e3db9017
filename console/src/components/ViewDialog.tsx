import { createView, updateView, type View, type ViewList } from "@attacklens/protocol/views.ts";
import { Checkbox, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { callApi, openCreation } from "../api.ts";
import { refresh } from "../queries.ts";
import { FormDialog } from "./FormDialog.tsx";
import { validateBody } from "./form-schema.ts";
import { usePermissionReason } from "./use-permission.ts";
import { useSubmit } from "./use-submit.ts";

interface ViewDialogProps {
  list: ViewList;
  search: string;
  /** The view to rename or share. Absent: a new one is saved. */
  view?: View;
  onSaved?: (view: View) => void;
  onClose: () => void;
}

export function ViewDialog({ list, search, view, onSaved, onClose }: ViewDialogProps) {
  const cannotShare = usePermissionReason("views:share");
  const queryClient = useQueryClient();
  const [create] = useState(() => openCreation(createView));
  const initialValues = { name: view?.name ?? "", isShared: view?.isShared ?? false };
  const form = useForm({
    initialValues,
    validate: validateBody({ schema: createView.body, toBody: (values) => ({ ...values, list, search }) }),
  });
  const { submit, isSubmitting, error } = useSubmit(form, "name");
  const send = form.onSubmit(({ name, isShared }) =>
    submit(async () => {
      const body = { name: name.trim(), isShared };
      const saved = view
        ? await callApi(updateView, { params: { id: view.id }, body })
        : await create(body, () => ({ body: { ...body, list, search } }));
      await refresh(queryClient, "views");
      onClose();
      onSaved?.(saved);
    }),
  );
  return (
    <FormDialog
      title={view ? "Rename or share view" : "Save view"}
      submit={view ? "Save changes" : "Save view"}
      onSubmit={send}
      onClose={onClose}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
    >
      <TextInput
        label="Name"
        description={view ? undefined : "The view keeps the search, filters, order and columns."}
        required
        data-autofocus
        maxLength={100}
        {...form.getInputProps("name")}
      />
      {!cannotShare && (
        <Checkbox
          label="Share with everyone who can read this list"
          {...form.getInputProps("isShared", { type: "checkbox" })}
        />
      )}
    </FormDialog>
  );
}
