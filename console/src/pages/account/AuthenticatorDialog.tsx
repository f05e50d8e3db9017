import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { AuthenticatorSetup } from "./AuthenticatorSetup.tsx";

export function AuthenticatorDialog() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const close = async () => {
    await refresh(queryClient, "secondFactors");
    await navigate({ ...paths.account(), replace: true });
  };
  return (
    <Dialog title="Add authenticator app" size={520}>
      <AuthenticatorSetup
        onDone={() => void close()}
        cancel={
          <Button variant="default" onClick={() => void close()}>
            Cancel
          </Button>
        }
      />
    </Dialog>
  );
}
