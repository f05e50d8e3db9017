import { removeAuthenticatorApp, replaceRecoveryCodes } from "@attacklens/protocol/two-factor.ts";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { ButtonLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import classes from "./AccountPage.module.css";
import { passkeysQuery, secondFactorsQuery } from "./account-queries.ts";
import { RecoveryCodes } from "./RecoveryCodes.tsx";

/** The user's authenticator app and recovery codes. */
export function SecondFactors() {
  const { data } = useSuspenseQuery(secondFactorsQuery);
  const { data: passkeys } = useSuspenseQuery(passkeysQuery);
  const queryClient = useQueryClient();
  const router = useRouter();
  const [asked, setAsked] = useState<"remove" | "replace">();
  const [codes, setCodes] = useState<string[]>();
  const { authenticatorApp: app, unusedRecoveryCodes, isRequired } = data;

  async function remove() {
    await callApi(removeAuthenticatorApp, {});
    await refresh(queryClient, "secondFactors", "me");
    await router.invalidate();
    notifications.show({ message: "The authenticator app is removed." });
  }
  async function replace() {
    setCodes((await callApi(replaceRecoveryCodes, {})).recoveryCodes);
    await refresh(queryClient, "secondFactors");
  }

  const hasPasskey = passkeys.items.length > 0;
  return (
    <>
      <ul className={classes.rows} aria-label="Second factors">
        <li className={classes.row}>
          <div className={classes.words}>
            <div className={classes.name}>Authenticator app</div>
            <div className={classes.details}>
              {app ? (
                <>
                  Added <RelativeTime at={app.addedAt} />
                </>
              ) : hasPasskey ? (
                "Not set up"
              ) : (
                "Not set up. Your password alone is sufficient to sign in."
              )}
            </div>
          </div>
          {app ? (
            <Button variant="default" size="compact-sm" onClick={() => setAsked("remove")}>
              Remove app
            </Button>
          ) : (
            <ButtonLink {...paths.accountAuthenticator()} preload={false} variant="default" size="compact-sm">
              Add authenticator app
            </ButtonLink>
          )}
        </li>
        {(app || hasPasskey) && (
          <li className={classes.row}>
            <div className={classes.words}>
              <div className={classes.name}>Recovery codes</div>
              <div className={classes.details}>
                {unusedRecoveryCodes > 0
                  ? countOf(unusedRecoveryCodes, "unused code")
                  : "None. Create some, in case you lose your device."}
              </div>
            </div>
            <Button variant="default" size="compact-sm" onClick={() => setAsked("replace")}>
              Create new codes
            </Button>
          </li>
        )}
      </ul>
      {asked === "remove" && (
        <ConfirmDialog
          title="Remove authenticator app?"
          action="Remove app"
          onConfirm={remove}
          onClose={() => setAsked(undefined)}
          errorText={(error) => problemOf(error).detail}
        >
          {hasPasskey
            ? "Your passkeys and your recovery codes keep working."
            : "Your password alone is then sufficient to sign in, and your recovery codes stop working."}
          {isRequired &&
            !hasPasskey &&
            " This installation requires a second factor, so you must add another one at once."}
        </ConfirmDialog>
      )}
      {asked === "replace" && (
        <ConfirmDialog
          title="Create new recovery codes?"
          action="Create new codes"
          onConfirm={replace}
          onClose={() => setAsked(undefined)}
          errorText={(error) => problemOf(error).detail}
          isSafe
        >
          The codes that you have now stop working.
        </ConfirmDialog>
      )}
      {codes && (
        <Dialog title="Recovery codes" size={520}>
          <RecoveryCodes codes={codes} onDone={() => setCodes(undefined)} />
        </Dialog>
      )}
    </>
  );
}
