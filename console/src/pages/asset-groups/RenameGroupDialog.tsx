import { renameAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { showUndoable } from "../../components/undo.tsx";
import { refresh } from "../../queries.ts";
import { GroupNameDialog } from "./GroupNameDialog.tsx";
import { groupQuery } from "./group-queries.ts";

const editRoute = getRouteApi("/app/assets/groups/$groupId/edit");

export function RenameGroupDialog() {
  const { groupId } = editRoute.useParams();
  const { data: group } = useSuspenseQuery(groupQuery(groupId));
  const queryClient = useQueryClient();
  const [before] = useState(group.name);
  const rename = (name: string) => callApi(renameAssetGroup, { params: { id: groupId }, body: { name } });
  return (
    <GroupNameDialog
      title="Rename Asset Group"
      submit="Rename"
      name={group.name}
      onSubmit={async (name) => {
        await rename(name);
        showUndoable(`“${before}” is renamed to “${name}”.`, async () => {
          await rename(before);
          await refresh(queryClient, "assetGroups", "assets", "enrollmentTokens", "sensors");
          return `“${before}” has its name again.`;
        });
      }}
      disabledReason={disabledReason(group.can.rename)}
    />
  );
}
