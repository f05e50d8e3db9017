import { deleteEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { type AnyToken, remainingSensorsText } from "../../components/token-words.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { RemainingSensors } from "./RemainingSensors.tsx";

interface DeleteTokenDialogProps {
  token: AnyToken;
  onClose: () => void;
  onDeleted: (() => Promise<void>) | undefined;
}

export function DeleteTokenDialog({ token, onClose, onDeleted }: DeleteTokenDialogProps) {
  const queryClient = useQueryClient();
  async function remove() {
    await callApi(deleteEnrollmentToken, { params: { id: token.id } });
    await onDeleted?.();
    await refresh(queryClient, "enrollmentTokens", "assetGroups", "sensors");
    notifications.show({
      message: `“${token.name}” is deleted. ${remainingSensorsText(token.enrolledSensors)}`,
    });
  }
  return (
    <ConfirmDialog
      title="Delete Enrollment Token?"
      action="Delete token"
      onConfirm={remove}
      onClose={onClose}
      errorText={(error) => problemOf(error).detail}
    >
      <strong>{token.name}</strong> is deleted permanently
      {token.status === "active" ? ", and no sensor can enroll with it anymore" : ""}.{" "}
      <RemainingSensors token={token} />
    </ConfirmDialog>
  );
}
