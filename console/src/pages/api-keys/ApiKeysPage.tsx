import type { ApiKey } from "@attacklens/protocol/api-keys.ts";
import { apiKeyExports } from "@attacklens/protocol/list-exports.ts";
import { IconPlus, IconTerminal2 } from "@tabler/icons-react";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { useMemo } from "react";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { useList } from "../../components/use-list.ts";
import { paths } from "../../paths.ts";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { apiKeyColumns } from "./api-key-columns.tsx";
import { apiKeyList } from "./api-key-list.ts";
import { useKeyActions } from "./use-key-actions.tsx";

const route = getRouteApi("/app/settings/api-keys");

export function ApiKeysPage() {
  const search = route.useSearch();
  const list = useList(apiKeyList.query(search));
  const { actionsFor, dialog } = useKeyActions();
  const columns = useMemo(() => apiKeyColumns(actionsFor), [actionsFor]);
  return (
    <>
      <ListPage<ApiKey>
        title="API keys"
        description="Scripts and the command line use an API key instead of a sign-in."
        action={<CreateKey />}
        reads="api-keys:manage"
        noun="API keys"
        views="api-keys"
        searchLabel="Search by name"
        search={search}
        exports={apiKeyExports}
        defaultSort={{ sort: "createdAt", order: "desc" }}
        list={list}
        columns={columns}
        empty={
          <StateMessage icon={<IconTerminal2 size={20} />} title="No API keys yet" action={<CreateKey />}>
            A program uses a key to call the API, for example <code>attacklens token</code> in a deployment
            pipeline. Create one key per program, with the lowest role that is sufficient.
          </StateMessage>
        }
      />
      {dialog}
      <Outlet />
    </>
  );
}

function CreateKey() {
  return (
    <ButtonLink {...paths.apiKeyNew()} search={true} leftSection={<IconPlus size={16} />}>
      Create API key
    </ButtonLink>
  );
}
