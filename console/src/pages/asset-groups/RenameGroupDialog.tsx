import { renameAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { callApi } from "../../api.ts";
import { disabledReason } from "../../components/disabled-reason.ts";
import { GroupNameDialog } from "./GroupNameDialog.tsx";
import { groupQuery } from "./group-queries.ts";

const editRoute = getRouteApi("/app/assets/groups/$groupId/edit");

export function RenameGroupDialog() {
  const { groupId } = editRoute.useParams();
  const { data: group } = useSuspenseQuery(groupQuery(groupId));
  return (
    <GroupNameDialog
      title="Rename Asset Group"
      submit="Rename"
      name={group.name}
      onSubmit={(name) => callApi(renameAssetGroup, { params: { id: groupId }, body: { name } })}
      disabledReason={disabledReason(group.can.rename)}
    />
  );
}
