import { revokeEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { type AnyToken, remainingSensorsText } from "../../components/token-words.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { RemainingSensors } from "./RemainingSensors.tsx";

interface RevokeTokenDialogProps {
  token: AnyToken;
  onClose: () => void;
}

export function RevokeTokenDialog({ token, onClose }: RevokeTokenDialogProps) {
  const queryClient = useQueryClient();
  async function revoke() {
    await callApi(revokeEnrollmentToken, { params: { id: token.id } });
    await refresh(queryClient, "enrollmentTokens", "assetGroups");
    notifications.show({
      message: `“${token.name}” is revoked. ${remainingSensorsText(token.enrolledSensors)}`,
    });
  }
  return (
    <ConfirmDialog
      title="Revoke Enrollment Token?"
      action="Revoke token"
      onConfirm={revoke}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
    >
      No sensor can enroll with <strong>{token.name}</strong> anymore. This cannot be undone.{" "}
      <RemainingSensors token={token} />
    </ConfirmDialog>
  );
}
