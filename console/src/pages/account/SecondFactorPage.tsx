import { signOut } from "@attacklens/protocol/account.ts";
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { ConfirmIdentityDialog } from "../../components/ConfirmIdentityDialog.tsx";
import { pathAfterSignIn, paths } from "../../paths.ts";
import { meQuery } from "../../queries.ts";
import { AuthenticatorSetup } from "./AuthenticatorSetup.tsx";
import { PublicFrame } from "./PublicFrame.tsx";

const route = getRouteApi("/second-factor");

/** For a user without a second factor, while the installation requires one. */
export function SecondFactorPage() {
  const { then } = route.useSearch();
  const navigate = useNavigate();
  const router = useRouter();
  const queryClient = useQueryClient();
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
      title="Add a second factor"
      text="This installation requires a second factor besides the password. Add one to continue."
    >
      <AuthenticatorSetup
        onDone={() => void enter()}
        cancel={
          <Button variant="default" onClick={() => void leave()}>
            Sign out
          </Button>
        }
      />
      <ConfirmIdentityDialog />
    </PublicFrame>
  );
}
