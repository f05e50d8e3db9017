import type { Asset } from "@attacklens/protocol/assets.ts";
import { assetExports } from "@attacklens/protocol/list-exports.ts";
import { IconServer2 } from "@tabler/icons-react";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { GroupFilter } from "../../components/GroupFilter.tsx";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink } from "../../components/links.tsx";
import { filterOf } from "../../components/list-search.ts";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { paths } from "../../paths.ts";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { AssetBulk } from "./AssetBulk.tsx";
import { assetColumns } from "./asset-columns.tsx";
import { assetList } from "./asset-queries.ts";
import { ASSET_TYPE_NAMES } from "./asset-words.ts";
import { useAssetActions } from "./use-asset-actions.tsx";

const route = getRouteApi("/app/assets");
const TYPES = Object.entries(ASSET_TYPE_NAMES).map(([value, label]) => ({ value, label }));
export function AssetsPage() {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const navigate = useNavigate();
  const { actionsFor, dialog } = useAssetActions();
  const columns = useMemo(() => assetColumns(actionsFor), [actionsFor]);
  return (
    <>
      <ListPage<Asset>
        title="All assets"
        description="One record per host, linked to the sensor that runs on it."
        manage="assets:manage"
        noun="assets"
        views="assets"
        searchLabel="Search by name"
        search={search}
        findsBeginnings
        filterNames={["type", "assetGroupId"]}
        filters={
          <>
            <FilterMenu
              label="Type"
              value={search.type}
              options={TYPES}
              onChange={(type) => setSearch({ type })}
            />
            <GroupFilter value={search.assetGroupId} onChange={(id) => setSearch({ assetGroupId: id })} />
          </>
        }
        bulk={(assets, clear, isAll) => (
          <AssetBulk assets={assets} filter={isAll ? filterOf(search) : undefined} onClear={clear} />
        )}
        canSelectMatching
        nameOf={(asset) => asset.name}
        exports={assetExports}
        defaultSort={{ sort: "name", order: "asc" }}
        list={useList(assetList.query(search))}
        columns={columns}
        onRowClick={(asset) => void navigate(paths.asset(asset.id))}
        empty={
          <StateMessage
            icon={<IconServer2 size={20} />}
            title="No assets yet"
            action={
              <ButtonLink {...paths.enrollmentTokens()} variant="default">
                Go to Enrollment Tokens
              </ButtonLink>
            }
          >
            An asset appears when a sensor enrolls.
          </StateMessage>
        }
      />
      {dialog}
    </>
  );
}
