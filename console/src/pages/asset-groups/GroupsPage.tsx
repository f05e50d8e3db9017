import type { AssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { assetGroupExports } from "@attacklens/protocol/list-exports.ts";
import { IconPlus, IconStack2 } from "@tabler/icons-react";
import { getRouteApi, Outlet, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { useList } from "../../components/use-list.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { paths } from "../../paths.ts";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { groupColumns } from "./group-columns.tsx";
import { groupList } from "./group-queries.ts";
import { useGroupActions } from "./use-group-actions.tsx";

const route = getRouteApi("/app/assets/groups");

export function GroupsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const { actionsFor, dialog } = useGroupActions();
  const columns = useMemo(() => groupColumns(actionsFor), [actionsFor]);
  return (
    <>
      <ListPage<AssetGroup>
        title="Asset Groups"
        description="Named sets of assets. You can scope Enrollment Tokens to a group and filter lists by group."
        action={<CreateGroup />}
        manage="assets:manage"
        noun="asset groups"
        views="asset-groups"
        searchLabel="Search by name"
        search={search}
        exports={assetGroupExports}
        defaultSort={{ sort: "name", order: "asc" }}
        list={useList(groupList.query(search))}
        columns={columns}
        onRowClick={(group) => void navigate(paths.assets({ assetGroupId: group.id }))}
        empty={
          <StateMessage icon={<IconStack2 size={20} />} title="No Asset Groups yet" action={<CreateGroup />}>
            Create one group per environment or department. Sensors that enroll with a token scoped to a group
            are added to it.
          </StateMessage>
        }
      />
      {dialog}
      <Outlet />
    </>
  );
}

function CreateGroup() {
  const disabledReason = usePermissionReason("assets:manage");
  if (disabledReason) return null;
  return (
    <ButtonLink {...paths.assetGroupNew()} search={true} leftSection={<IconPlus size={16} />}>
      Create Asset Group
    </ButtonLink>
  );
}
