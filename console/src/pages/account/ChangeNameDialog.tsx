import { updateMe } from "@attacklens/protocol/account.ts";
import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { validateBody } from "../../components/form-schema.ts";
import { useSubmit } from "../../components/use-submit.ts";
import { paths } from "../../paths.ts";
import { meQuery } from "../../queries.ts";

const validate = validateBody<{ name: string }>({ schema: updateMe.body });

export function ChangeNameDialog() {
  const { data: me } = useSuspenseQuery(meQuery);
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const form = useForm({ initialValues: { name: me.name }, validate });
  const { submit, isSubmitting, error } = useSubmit(form);
  const close = () => navigate({ ...paths.account(), replace: true });
  const send = form.onSubmit(({ name }) =>
    submit(async () => {
      queryClient.setQueryData(meQuery.queryKey, await callApi(updateMe, { body: { name: name.trim() } }));
      await close();
    }),
  );
  return (
    <FormDialog
      title="Change name"
      submit="Save"
      onSubmit={send}
      onClose={() => void close()}
      isDirty={form.isDirty()}
      isSubmitting={isSubmitting}
      error={error}
    >
      <TextInput
        label="Name"
        autoComplete="name"
        data-autofocus
        maxLength={100}
        description="Other users see it, for example as the creator of a token"
        {...form.getInputProps("name")}
      />
    </FormDialog>
  );
}
