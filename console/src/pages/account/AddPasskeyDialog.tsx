import { addPasskey } from "@attacklens/protocol/passkeys.ts";
import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { callApi } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { createPasskey } from "../../passkeys.ts";
import { describeBrowser } from "./browser-words.ts";

interface AddPasskeyDialogProps {
  onAdded: () => Promise<void>;
  onClose: () => void;
}

export function AddPasskeyDialog({ onAdded, onClose }: AddPasskeyDialogProps) {
  const form = useForm({
    initialValues: { name: describeBrowser(navigator.userAgent) },
    validate: ({ name }) => (name.trim() === "" ? { name: "Required" } : {}),
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const send = form.onSubmit(({ name }) =>
    submit(async () => {
      const { step, response } = await createPasskey();
      await callApi(addPasskey, { body: { step, name: name.trim(), response } });
      await onAdded();
    }),
  );
  return (
    <FormDialog
      title="Add passkey"
      submit="Continue"
      onSubmit={send}
      onClose={onClose}
      isDirty={false}
      isSubmitting={isSubmitting}
      error={error}
    >
      <TextInput
        label="Name"
        data-autofocus
        maxLength={100}
        description="To recognize the device later. Next, the browser asks for a fingerprint, a face or a PIN"
        {...form.getInputProps("name")}
      />
    </FormDialog>
  );
}
