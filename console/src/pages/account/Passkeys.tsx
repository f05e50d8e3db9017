import { addPasskey, type Passkey, removePasskey } from "@attacklens/protocol/passkeys.ts";
import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { FormDialog } from "../../components/FormDialog.tsx";
import { useSubmit } from "../../components/use-submit.ts";
import { createPasskey, hasPasskeys } from "../../passkeys.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./AccountPage.module.css";
import { passkeysQuery } from "./account-queries.ts";
import { describeBrowser } from "./browser-words.ts";

/** The user's passkeys, with actions to add and remove them. */
export function Passkeys() {
  const { data } = useSuspenseQuery(passkeysQuery);
  const queryClient = useQueryClient();
  const [isAdding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Passkey>();
  async function remove({ id, name }: Passkey) {
    await callApi(removePasskey, { params: { id } });
    await refresh(queryClient, "passkeys", "secondFactors", "me");
    notifications.show({ message: `The passkey “${name}” is removed.` });
  }
  return (
    <>
      <ul className={classes.rows} aria-label="Passkeys">
        {data.items.map((passkey) => (
          <li key={passkey.id} className={classes.row}>
            <div className={classes.words}>
              <div className={classes.name}>{passkey.name}</div>
              <div className={classes.details}>
                Added <RelativeTime at={passkey.addedAt} /> ·{" "}
                {passkey.lastUsedAt ? (
                  <>
                    Last used <RelativeTime at={passkey.lastUsedAt} />
                  </>
                ) : (
                  "Never used"
                )}
              </div>
            </div>
            <Button
              variant="default"
              size="compact-sm"
              aria-label={`Remove passkey ${passkey.name}`}
              onClick={() => setAsked(passkey)}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      {hasPasskeys() ? (
        <Button variant="default" onClick={() => setAdding(true)}>
          Add passkey
        </Button>
      ) : (
        <p className={classes.details}>
          This browser has no passkeys here. They need a current browser, HTTPS, and a host name.
        </p>
      )}
      {isAdding && <AddPasskeyDialog onClose={() => setAdding(false)} />}
      {asked && (
        <ConfirmDialog
          title="Remove passkey?"
          action="Remove passkey"
          onConfirm={() => remove(asked)}
          onClose={() => setAsked(undefined)}
          errorText={(error) => problemOf(error).detail}
        >
          You can no longer sign in with <strong>{asked.name}</strong>. Delete it on the device, too.
        </ConfirmDialog>
      )}
    </>
  );
}

function AddPasskeyDialog({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const form = useForm({
    initialValues: { name: describeBrowser(navigator.userAgent) },
    validate: ({ name }) => (name.trim() === "" ? { name: "Required" } : {}),
  });
  const { submit, isSubmitting, error } = useSubmit(form);
  const send = form.onSubmit(({ name }) =>
    submit(async () => {
      const { step, response } = await createPasskey();
      await callApi(addPasskey, { body: { step, name: name.trim(), response } });
      await refresh(queryClient, "passkeys", "secondFactors");
      notifications.show({ message: "The passkey is added. You can sign in with it." });
      onClose();
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
