import { type AssetGroup, deleteAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import type { ApiRequest } from "@attacklens/protocol/client.ts";
import { listEnrollmentTokens } from "@attacklens/protocol/enrollment-tokens.ts";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { TextLink } from "../../components/links.tsx";
import { paths } from "../../paths.ts";
import { apiQuery, refresh } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { countOf, formatCount } from "../../ui/numbers.ts";
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
        disabledReason: disabledReason(group.can.rename),
      },
      {
        label: "Show history",
        onSelect: () => void navigate({ ...paths.assetGroupHistory(group.id), search: true }),
      },
      {
        label: "Delete…",
        danger: true,
        onSelect: () => setAsked(group),
        disabledReason: disabledReason(group.can.delete),
      },
    ],
    [navigate],
  );
  if (!asked) return { actionsFor, dialog: null };

  async function remove(group: AssetGroup) {
    await callApi(deleteAssetGroup, { params: { id: group.id } });
    await refresh(queryClient, "assetGroups", "assets", "enrollmentTokens", "sensors");
    notifications.show({ message: `“${group.name}” is deleted. ${consequence(group)}` });
  }
  const dialog = (
    <ConfirmDialog
      title="Delete Asset Group?"
      action="Delete asset group"
      onConfirm={() => remove(asked)}
      onClose={() => setAsked(undefined)}
      errorText={(error) => problemOf(error).detail}
      typeName={isMany(asked) ? asked.name : undefined}
    >
      <strong>{asked.name}</strong> is deleted permanently. {consequence(asked)}
      {asked.enrollmentTokens > 0 && <GroupTokens groupId={asked.id} />}
    </ConfirmDialog>
  );
  return { actionsFor, dialog };
}

/** From this number of assets, or of tokens, on, the user types the name of the group. */
const MANY = { assets: 10, enrollmentTokens: 3 };

function isMany({ assets, enrollmentTokens }: AssetGroup): boolean {
  return assets >= MANY.assets || enrollmentTokens >= MANY.enrollmentTokens;
}

const TOKENS_SHOWN = 10;

/** The tokens that stop working without their group. */
function GroupTokens({ groupId }: { groupId: string }) {
  const query = { assetGroupId: groupId, status: "active", sort: "name", order: "asc", limit: TOKENS_SHOWN };
  const { data } = useQuery(
    apiQuery(listEnrollmentTokens, { query } as ApiRequest<typeof listEnrollmentTokens>),
  );
  if (!data) return null;
  return (
    <ul>
      {data.items.map((token) => (
        <li key={token.id}>
          <TextLink {...paths.enrollmentToken(token.id)}>{token.name}</TextLink>
        </li>
      ))}
      {data.total > data.items.length && <li>and {formatCount(data.total - data.items.length)} more</li>}
    </ul>
  );
}

/** The effect of deleting a group. */
function consequence({ assets, enrollmentTokens: tokens }: AssetGroup): string {
  const texts = [
    assets > 0 && `${countOf(assets, "asset stays", "assets stay")} without a group.`,
    tokens > 0 && `${countOf(tokens, "Enrollment Token stops", "Enrollment Tokens stop")} working.`,
  ].filter(Boolean);
  return texts.join(" ") || "No assets or Enrollment Tokens are affected.";
}
