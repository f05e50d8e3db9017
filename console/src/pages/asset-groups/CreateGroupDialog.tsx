import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { useState } from "react";
import { openCreation } from "../../api.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { GroupNameDialog } from "./GroupNameDialog.tsx";

export function CreateGroupDialog() {
  const [createGroup] = useState(() => openCreation(createAssetGroup));
  const disabledReason = usePermissionReason("assets:manage");
  return (
    <GroupNameDialog
      title="Create Asset Group"
      submit="Create Asset Group"
      name=""
      onSubmit={(name) => createGroup(name, () => ({ body: { name } }))}
      disabledReason={disabledReason}
    />
  );
}
