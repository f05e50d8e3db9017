// The confirmations of revoke and delete: for one token with what it touches, for several in sum.
import {
  deleteEnrollmentToken,
  type EnrollmentToken,
  revokeEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import { usePreview } from "./use-preview.ts";

interface EndTokenDialogProps {
  token: EnrollmentToken;
  onClose: () => void;
}

const errorText = (error: unknown) => problemOf(error).detail;

export function RevokeTokenDialog({ token, onClose }: EndTokenDialogProps) {
  const queryClient = useQueryClient();
  async function revoke() {
    await callApi(revokeEnrollmentToken, { params: { id: token.id } });
    await refresh(queryClient, "enrollmentTokens", "assetGroups");
    notifications.show({ message: `“${token.name}” is revoked: ${stay(token.enrolledSensors)} enrolled.` });
  }
  return (
    <ConfirmDialog
      title="Revoke Enrollment Token?"
      action="Revoke token"
      onConfirm={revoke}
      onClose={onClose}
      errorText={errorText}
    >
      No sensor can enroll with <strong>{token.name}</strong> from now on, and this cannot be undone.{" "}
      <Touched token={token} />
    </ConfirmDialog>
  );
}

export function DeleteTokenDialog({
  token,
  onClose,
  onDeleted,
}: EndTokenDialogProps & { onDeleted: (() => Promise<void>) | undefined }) {
  const queryClient = useQueryClient();
  async function remove() {
    await callApi(deleteEnrollmentToken, { params: { id: token.id } });
    await onDeleted?.();
    await refresh(queryClient, "enrollmentTokens", "assetGroups", "sensors");
    notifications.show({ message: `“${token.name}” is deleted: ${stay(token.enrolledSensors)} enrolled.` });
  }
  return (
    <ConfirmDialog
      title="Delete Enrollment Token?"
      action="Delete token"
      onConfirm={remove}
      onClose={onClose}
      errorText={errorText}
    >
      <strong>{token.name}</strong> is gone for good
      {token.status === "active" ? ", and no sensor can enroll with it from now on" : ""}.{" "}
      <Touched token={token} keep=" and keep naming it" />
    </ConfirmDialog>
  );
}

/** What becomes of its sensors, by the count of this moment. */
function Touched({ token, keep = "" }: { token: EnrollmentToken; keep?: string }) {
  const { data } = usePreview(token.id);
  if (token.enrolledSensors === 0) return "It has enrolled no sensor so far.";
  const gone = data && data.sensors < token.enrolledSensors ? token.enrolledSensors - data.sensors : 0;
  return (
    <>
      {stay(token.enrolledSensors - gone)} enrolled, go on reporting{keep}.{" "}
      {data && `${countOf(data.online, "is online", "are online")} now.`}{" "}
      {gone > 0 && `${countOf(gone, "sensor")} of it ${gone === 1 ? "was" : "were"} deleted before.`}
    </>
  );
}

function stay(sensors: number): string {
  return `${countOf(sensors, "sensor")} ${sensors === 1 ? "stays" : "stay"}`;
}
