import { userExports } from "@attacklens/protocol/list-exports.ts";
import { ROLE_NAMES, ROLES } from "@attacklens/protocol/permissions.ts";
import type { User } from "@attacklens/protocol/users.ts";
import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { useMemo } from "react";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { filterOptions } from "../../components/statuses.tsx";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { paths } from "../../paths.ts";
import { meQuery } from "../../queries.ts";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { useUserActions } from "./use-user-actions.tsx";
import { USER_STATUS_LOOKS, userColumns } from "./user-columns.tsx";
import { userList } from "./user-queries.ts";

const route = getRouteApi("/app/team/users");
const ROLE_OPTIONS = ROLES.map((role) => ({ value: role, label: ROLE_NAMES[role] }));
const STATUS_OPTIONS = filterOptions(USER_STATUS_LOOKS);

export function UsersPage() {
  const { data: me } = useSuspenseQuery(meQuery);
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const { actionsFor, dialog } = useUserActions();
  const columns = useMemo(() => userColumns(me.id, actionsFor), [me.id, actionsFor]);
  return (
    <>
      <ListPage<User>
        title="Users"
        description="The users of this console. A change takes effect with the user's next request."
        action={<InviteUser />}
        reads="users:manage"
        noun="users"
        views="users"
        searchLabel="Search by name or email"
        search={search}
        filterNames={["role", "status"]}
        filters={
          <>
            <FilterMenu
              label="Role"
              value={search.role}
              options={ROLE_OPTIONS}
              onChange={(role) => setSearch({ role })}
            />
            <FilterMenu
              label="Status"
              value={search.status}
              options={STATUS_OPTIONS}
              onChange={(status) => setSearch({ status })}
            />
          </>
        }
        exports={userExports}
        defaultSort={{ sort: "name", order: "asc" }}
        list={useList(userList.query(search))}
        columns={columns}
        empty={
          <StateMessage icon={<IconUsers size={20} />} title="No users yet" action={<InviteUser />}>
            Invite the colleagues who work with this console.
          </StateMessage>
        }
      />
      {dialog}
      <Outlet />
    </>
  );
}

function InviteUser() {
  return (
    <ButtonLink {...paths.userInvite()} search={true} leftSection={<IconUserPlus size={16} />}>
      Invite user
    </ButtonLink>
  );
}
