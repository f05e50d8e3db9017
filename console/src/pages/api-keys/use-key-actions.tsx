// The actions on an API key, and the confirmation.
import { type ApiKey, revokeApiKey } from "@attacklens/protocol/api-keys.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { RowAction } from "../../ui/RowMenu.tsx";

export function useKeyActions(): { actionsFor: (key: ApiKey) => RowAction[]; dialog: ReactNode } {
  const [asked, setAsked] = useState<ApiKey>();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const actionsFor = useCallback(
    (key: ApiKey): RowAction[] => [
      {
        label: "Show history",
        onSelect: () => void navigate({ ...paths.apiKeyHistory(key.id), search: true }),
      },
      {
        label: "Revoke…",
        danger: true,
        onSelect: () => setAsked(key),
        disabledReason: disabledReason(key.can.revoke),
      },
    ],
    [navigate],
  );
  async function revoke(key: ApiKey) {
    await callApi(revokeApiKey, { params: { id: key.id } });
    await refresh(queryClient, "apiKeys");
    notifications.show({ message: `“${key.name}” is revoked. Requests with it are refused.` });
  }
  const dialog = asked && (
    <ConfirmDialog
      title="Revoke API key?"
      action="Revoke key"
      onConfirm={() => revoke(asked)}
      onClose={() => setAsked(undefined)}
      errorText={(error) => problemOf(error).detail}
    >
      Requests with <strong>{asked.name}</strong> are refused immediately. This cannot be undone. Objects that
      were created with it are kept.
    </ConfirmDialog>
  );
  return { actionsFor, dialog };
}
