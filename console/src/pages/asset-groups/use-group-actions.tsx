import { type AssetGroup, deleteAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { paths } from "../../paths.ts";
import { refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf } from "../../ui/numbers.ts";
import type { RowAction } from "../../ui/RowMenu.tsx";

export function useGroupActions(): { actionsFor: (group: AssetGroup) => RowAction[]; dialog: ReactNode } {
  const [asked, setAsked] = useState<AssetGroup>();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const actionsFor = useCallback(
    (group: AssetGroup): RowAction[] => [
      {
        label: "Rename…",
        onSelect: () => void navigate({ ...paths.assetGroupEdit(group.id), search: true }),
        disabledReason: group.can.rename.allowed
          ? undefined
          : (group.can.rename.reason ?? "Not possible now"),
      },
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked(group),
        disabledReason: group.can.delete.allowed
          ? undefined
          : (group.can.delete.reason ?? "Not possible now"),
      },
    ],
    [navigate],
  );
  if (!asked) return { actionsFor, dialog: null };

  async function remove(group: AssetGroup) {
    await callApi(deleteAssetGroup, { params: { id: group.id } });
    await refresh(queryClient, "assetGroups", "assets", "enrollmentTokens", "sensors");
    notifications.show({ message: `“${group.name}” is deleted: ${consequence(group)}` });
  }
  const dialog = (
    <ConfirmDialog
      title="Delete Asset Group?"
      action="Delete group"
      onConfirm={() => remove(asked)}
      onClose={() => setAsked(undefined)}
      errorText={(error) => problemOf(error).detail}
    >
      <strong>{asked.name}</strong> is gone for good: {consequence(asked)}
    </ConfirmDialog>
  );
  return { actionsFor, dialog };
}

/** What deleting it does to what. */
function consequence({ assets, enrollmentTokens: tokens }: AssetGroup): string {
  const stay = `${countOf(assets, "asset")} ${assets === 1 ? "stays" : "stay"} without a group`;
  const refuse = `${countOf(tokens, "Enrollment Token")} scoped to it ${tokens === 1 ? "refuses" : "refuse"} from now on`;
  const happens = [assets > 0 && stay, tokens > 0 && refuse].filter(Boolean).join(", ");
  return `${happens || "no asset and no Enrollment Token is affected"}.`;
}
