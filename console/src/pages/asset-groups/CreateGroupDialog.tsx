import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { callApi } from "../../api.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { GroupNameDialog } from "./GroupNameDialog.tsx";

export function CreateGroupDialog() {
  const disabledReason = usePermissionReason("assets:manage");
  return (
    <GroupNameDialog
      title="Create Asset Group"
      submit="Create Asset Group"
      name=""
      onSubmit={(name) => callApi(createAssetGroup, { body: { name } })}
      disabledReason={disabledReason}
    />
  );
}
