import { signOut } from "@attacklens/protocol/account.ts";
import { replaceRecoveryCodes } from "@attacklens/protocol/two-factor.ts";
import { Button, Stack } from "@mantine/core";
import { IconDeviceMobile, IconFingerprint } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { callApi } from "../../api.ts";
import { ConfirmIdentityDialog } from "../../components/ConfirmIdentityDialog.tsx";
import { hasPasskeys, NO_PASSKEYS } from "../../passkeys.ts";
import { pathAfterSignIn, paths } from "../../paths.ts";
import { meQuery } from "../../queries.ts";
import { AddPasskeyDialog } from "./AddPasskeyDialog.tsx";
import { AuthenticatorSetup } from "./AuthenticatorSetup.tsx";
import { PublicFrame } from "./PublicFrame.tsx";
import { RecoveryCodes } from "./RecoveryCodes.tsx";
import classes from "./TwoFactor.module.css";

const route = getRouteApi("/second-factor");

type Step = "choice" | "passkey" | "app" | { recoveryCodes: string[] };

/** For a user without a second factor, while the installation requires one. */
export function SecondFactorPage() {
  const { then } = route.useSearch();
  const navigate = useNavigate();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [step, setStep] = useState<Step>("choice");
  async function leave() {
    await callApi(signOut, {}).catch(() => undefined);
    await navigate(paths.signIn());
  }
  async function enter() {
    await queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    queryClient.removeQueries({ queryKey: meQuery.queryKey });
    router.history.replace(pathAfterSignIn(then));
  }
  return (
    <PublicFrame
      title={typeof step === "object" ? "Recovery codes" : "Add a second factor"}
      text={textOf(step)}
    >
      {typeof step === "object" && <RecoveryCodes codes={step.recoveryCodes} onDone={() => void enter()} />}
      {step === "app" && (
        <AuthenticatorSetup
          onDone={() => void enter()}
          cancel={
            <Button variant="default" onClick={() => setStep("choice")}>
              Back
            </Button>
          }
        />
      )}
      {(step === "choice" || step === "passkey") && (
        <Choice onChoose={setStep} onLeave={() => void leave()} />
      )}
      {step === "passkey" && (
        <AddPasskeyDialog
          // The device can be lost, and a reset needs another user.
          onAdded={async () => setStep(await callApi(replaceRecoveryCodes, {}))}
          onClose={() => setStep("choice")}
        />
      )}
      <ConfirmIdentityDialog />
    </PublicFrame>
  );
}

function textOf(step: Step): string | undefined {
  if (step === "app" || typeof step === "object") return undefined;
  return "This installation requires a second factor besides the password. Add one to continue. You can add others later.";
}

interface ChoiceProps {
  onChoose: (step: "passkey" | "app") => void;
  onLeave: () => void;
}

function Choice({ onChoose, onLeave }: ChoiceProps) {
  const canAddPasskey = hasPasskeys();
  return (
    <Stack gap="lg">
      <div>
        <Button
          fullWidth
          leftSection={<IconFingerprint size={16} />}
          disabled={!canAddPasskey}
          onClick={() => onChoose("passkey")}
        >
          Add a passkey
        </Button>
        <p className={classes.hint}>
          {canAddPasskey
            ? "Confirms you with the fingerprint, face or PIN of this device, or with a security key. It also replaces the password."
            : NO_PASSKEYS}
        </p>
      </div>
      <div>
        <Button
          fullWidth
          variant={canAddPasskey ? "default" : "filled"}
          leftSection={<IconDeviceMobile size={16} />}
          onClick={() => onChoose("app")}
        >
          Add an authenticator app
        </Button>
        <p className={classes.hint}>
          Shows a new code every 30 seconds, on your phone or in a password manager.
        </p>
      </div>
      <Button variant="subtle" fullWidth onClick={onLeave}>
        Sign out
      </Button>
    </Stack>
  );
}
