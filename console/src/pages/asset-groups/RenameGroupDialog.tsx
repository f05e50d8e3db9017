import { getAssetGroup, renameAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { apiQuery } from "../../queries.ts";
import { GroupNameDialog } from "./GroupNameDialog.tsx";

const editRoute = getRouteApi("/app/assets/groups/$groupId/edit");

export function RenameGroupDialog() {
  const { groupId } = editRoute.useParams();
  const { data: group } = useSuspenseQuery(apiQuery(getAssetGroup, { params: { id: groupId } }));
  const { allowed, reason } = group.can.rename;
  return (
    <GroupNameDialog
      title="Rename Asset Group"
      submit="Rename"
      name={group.name}
      onSubmit={(name) => callApi(renameAssetGroup, { params: { id: groupId }, body: { name } })}
      disabledReason={allowed ? undefined : (reason ?? "Not possible now")}
    />
  );
}
