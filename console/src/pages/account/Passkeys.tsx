import { type Passkey, removePasskey } from "@attacklens/protocol/passkeys.ts";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { hasPasskeys, NO_PASSKEYS } from "../../passkeys.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./AccountPage.module.css";
import { AddPasskeyDialog } from "./AddPasskeyDialog.tsx";
import { passkeysQuery } from "./account-queries.ts";

/** The user's passkeys, with actions to add and remove them. */
export function Passkeys() {
  const { data } = useSuspenseQuery(passkeysQuery);
  const queryClient = useQueryClient();
  const router = useRouter();
  const [isAdding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Passkey>();
  async function remove({ id, name }: Passkey) {
    await callApi(removePasskey, { params: { id } });
    await refresh(queryClient, "passkeys", "secondFactors", "me");
    await router.invalidate();
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
        <p className={classes.details}>{NO_PASSKEYS}</p>
      )}
      {isAdding && (
        <AddPasskeyDialog
          onAdded={async () => {
            await refresh(queryClient, "passkeys", "secondFactors");
            notifications.show({ message: "The passkey is added. You can sign in with it." });
            setAdding(false);
          }}
          onClose={() => setAdding(false)}
        />
      )}
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
