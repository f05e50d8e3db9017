// What one may do with a token, and the confirmations before it is done.
import {
  deleteEnrollmentToken,
  type EnrollmentToken,
  revokeEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import type { RowAction } from "../../ui/RowMenu.tsx";

type Asked = { what: "revoke" | "delete"; token: EnrollmentToken };

export function useTokenActions(onDeleted?: () => Promise<void>): {
  actionsFor: (token: EnrollmentToken) => RowAction[];
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Asked>();
  const queryClient = useQueryClient();
  const actionsFor = useCallback(
    (token: EnrollmentToken): RowAction[] => [
      {
        label: "Revoke…",
        onSelect: () => setAsked({ what: "revoke", token }),
        disabledReason: token.can.revoke.allowed
          ? undefined
          : (token.can.revoke.reason ?? "Not possible now"),
      },
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked({ what: "delete", token }),
        disabledReason: token.can.delete.allowed
          ? undefined
          : (token.can.delete.reason ?? "Not possible now"),
      },
    ],
    [],
  );

  if (!asked) return { actionsFor, dialog: null };
  const { token } = asked;
  const close = () => setAsked(undefined);
  const errorText = (error: unknown) => problemOf(error).detail;
  const stay = `${countOf(token.enrolledSensors, "sensor")} ${token.enrolledSensors === 1 ? "stays" : "stay"} enrolled`;

  async function revoke() {
    await callApi(revokeEnrollmentToken, { params: { id: token.id } });
    await refresh(queryClient, "enrollmentTokens", "assetGroups");
    notifications.show({ message: `“${token.name}” is revoked: ${stay}.` });
  }
  async function remove() {
    await callApi(deleteEnrollmentToken, { params: { id: token.id } });
    await onDeleted?.();
    await refresh(queryClient, "enrollmentTokens", "assetGroups", "sensors");
    notifications.show({ message: `“${token.name}” is deleted: ${stay}.` });
  }

  const dialog =
    asked.what === "revoke" ? (
      <ConfirmDialog
        title="Revoke Enrollment Token?"
        action="Revoke token"
        onConfirm={revoke}
        onClose={close}
        errorText={errorText}
      >
        No sensor can enroll with <strong>{token.name}</strong> from now on, and this cannot be undone.{" "}
        {token.enrolledSensors > 0 ? `${stay} and go on reporting.` : "It has enrolled no sensor so far."}
      </ConfirmDialog>
    ) : (
      <ConfirmDialog
        title="Delete Enrollment Token?"
        action="Delete token"
        onConfirm={remove}
        onClose={close}
        errorText={errorText}
      >
        <strong>{token.name}</strong> is gone for good
        {token.status === "active" ? ", and no sensor can enroll with it from now on" : ""}.{" "}
        {token.enrolledSensors > 0
          ? `${stay}, go on reporting, and keep naming it.`
          : "It has enrolled no sensor so far."}
      </ConfirmDialog>
    );
  return { actionsFor, dialog };
}
