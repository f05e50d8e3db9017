// What one may do with a token, and the confirmations before it is done.
import {
  deleteEnrollmentToken,
  type EnrollmentToken,
  pauseEnrollmentToken,
  resumeEnrollmentToken,
  revokeEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import type { Can } from "@attacklens/protocol/page.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import type { RowAction } from "../../ui/RowMenu.tsx";

function reasonAgainst({ allowed, reason }: Can): string | undefined {
  return allowed ? undefined : (reason ?? "Not possible now");
}

type Asked = { what: "revoke" | "delete"; token: EnrollmentToken };

export function useTokenActions(onDeleted?: () => Promise<void>): {
  actionsFor: (token: EnrollmentToken) => RowAction[];
  dialog: ReactNode;
} {
  const [asked, setAsked] = useState<Asked>();
  const queryClient = useQueryClient();
  const change = useCallback(
    async (
      verb: typeof pauseEnrollmentToken | typeof resumeEnrollmentToken,
      token: EnrollmentToken,
      done: string,
    ) => {
      try {
        await callApi(verb, { params: { id: token.id } });
        notifications.show({ message: `“${token.name}” ${done}.` });
      } catch (error) {
        notifications.show({ color: "red", message: problemOf(error).detail });
      }
      await refresh(queryClient, "enrollmentTokens");
    },
    [queryClient],
  );
  const actionsFor = useCallback(
    (token: EnrollmentToken): RowAction[] => [
      token.pausedAt === null
        ? {
            label: "Pause",
            onSelect: () =>
              change(pauseEnrollmentToken, token, "is paused: no sensor can enroll with it now"),
            disabledReason: reasonAgainst(token.can.pause),
          }
        : {
            label: "Resume",
            onSelect: () =>
              change(resumeEnrollmentToken, token, "is resumed: sensors can enroll with it again"),
            disabledReason: reasonAgainst(token.can.resume),
          },
      {
        label: "Revoke…",
        onSelect: () => setAsked({ what: "revoke", token }),
        disabledReason: reasonAgainst(token.can.revoke),
      },
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked({ what: "delete", token }),
        disabledReason: reasonAgainst(token.can.delete),
      },
    ],
    [change],
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
