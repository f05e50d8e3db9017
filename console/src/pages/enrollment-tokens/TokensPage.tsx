import { type ListedToken, TOKEN_WARNINGS } from "@attacklens/protocol/enrollment-tokens.ts";
import { tokenExports } from "@attacklens/protocol/list-exports.ts";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { getRouteApi, Outlet, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { GroupFilter } from "../../components/GroupFilter.tsx";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { filterOf } from "../../components/list-search.ts";
import { filterOptions, TOKEN_STATUS_LOOKS } from "../../components/statuses.tsx";
import { WARNING_LABELS } from "../../components/token-words.ts";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { usePermissionReason } from "../../components/use-permission.ts";
import { useReference } from "../../components/use-reference.tsx";
import { useRefreshAt } from "../../components/use-refresh-at.ts";
import { paths } from "../../paths.ts";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { TokenBulk } from "./TokenBulk.tsx";
import { tokenColumns } from "./token-columns.tsx";
import { tokenList } from "./token-queries.ts";
import { useTokenActions } from "./use-token-actions.tsx";

const WARNINGS = [
  { value: "any", label: "Any warning" },
  ...TOKEN_WARNINGS.map((value) => ({ value, label: WARNING_LABELS[value] })),
];
const STATUSES = filterOptions(TOKEN_STATUS_LOOKS);
const route = getRouteApi("/app/sensors/tokens");

export function TokensPage() {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const navigate = useNavigate();
  const list = useList(tokenList.query(search));
  useRefreshAt(
    list.rows.map(({ expiresAt }) => expiresAt),
    "enrollmentTokens",
  );
  const { actionsFor, dialog } = useTokenActions();
  const columns = useMemo(() => tokenColumns(actionsFor), [actionsFor]);
  return (
    <>
      <ListPage<ListedToken>
        title="Enrollment Tokens"
        description="Sensors use a token once, to enroll. After that, each has its own identity."
        action={<CreateToken />}
        manage="enrollment-tokens:manage"
        noun="tokens"
        views="enrollment-tokens"
        searchLabel="Search by name or reference"
        search={search}
        filterNames={["status", "assetGroupId", "warning"]}
        filters={
          <>
            <FilterMenu
              label="Status"
              value={search.status}
              options={STATUSES}
              onChange={(status) => setSearch({ status })}
            />
            <GroupFilter value={search.assetGroupId} onChange={(id) => setSearch({ assetGroupId: id })} />
            <FilterMenu
              label="Warning"
              value={search.warning}
              options={WARNINGS}
              onChange={(warning) => setSearch({ warning })}
            />
          </>
        }
        reference={useReference(search.q)}
        bulk={(tokens, clear, isAll) => (
          <TokenBulk tokens={tokens} filter={isAll ? filterOf(search) : undefined} onClear={clear} />
        )}
        canSelectMatching
        nameOf={(token) => token.name}
        exports={tokenExports}
        defaultSort={{ sort: "createdAt", order: "desc" }}
        list={list}
        columns={columns}
        onRowClick={(token) => void navigate(paths.enrollmentToken(token.id))}
        empty={
          <StateMessage
            icon={<IconKey size={20} />}
            title="No Enrollment Tokens yet"
            action={<CreateToken />}
          >
            Create a token before you deploy sensors. Use one token per environment or department, so that you
            can revoke each one separately.
          </StateMessage>
        }
      />
      {dialog}
      <Outlet />
    </>
  );
}

function CreateToken() {
  const disabledReason = usePermissionReason("enrollment-tokens:manage");
  if (disabledReason) return null;
  return (
    <ButtonLink {...paths.enrollmentTokenNew()} search={true} leftSection={<IconPlus size={16} />}>
      Create Token
    </ButtonLink>
  );
}
