import type { Asset } from "@attacklens/protocol/assets.ts";
import { assetExports } from "@attacklens/protocol/list-exports.ts";
import { IconServer2 } from "@tabler/icons-react";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { GroupFilter } from "../../components/GroupFilter.tsx";
import { ListPage } from "../../components/ListPage.tsx";
import { ButtonLink, TextLink } from "../../components/links.tsx";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { paths } from "../../paths.ts";
import { columnsOf } from "../../ui/DataTable.tsx";
import { FilterMenu } from "../../ui/FilterMenu.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { assetList } from "./asset-queries.ts";
import { ASSET_TYPE_NAMES } from "./asset-words.ts";

const route = getRouteApi("/app/assets");
const TYPES = Object.entries(ASSET_TYPE_NAMES).map(([value, label]) => ({ value, label }));
const column = columnsOf<Asset>();
const COLUMNS = [
  column.display({
    id: "name",
    header: "Name",
    meta: { sortable: true },
    cell: ({ row: { original: asset } }) => (
      <TextLink {...paths.asset(asset.id)} title={asset.name} c="inherit" fw={500}>
        {asset.name}
      </TextLink>
    ),
  }),
  column.display({
    id: "type",
    header: "Type",
    meta: { width: "16%" },
    cell: ({ row }) => ASSET_TYPE_NAMES[row.original.type],
  }),
  column.display({
    id: "assetGroup",
    header: "Asset Group",
    meta: { width: "22%" },
    cell: ({ row }) =>
      row.original.assetGroup ? (
        <span title={row.original.assetGroup.name}>{row.original.assetGroup.name}</span>
      ) : (
        <span className="quiet">None</span>
      ),
  }),
  column.display({
    id: "sensor",
    header: "Sensor",
    meta: { width: "22%" },
    cell: ({ row: { original: asset } }) =>
      asset.sensor ? (
        <TextLink {...paths.sensor(asset.sensor.id)} title={asset.sensor.hostname} c="inherit">
          {asset.sensor.hostname}
        </TextLink>
      ) : (
        <span className="quiet">None</span>
      ),
  }),
  column.display({
    id: "createdAt",
    header: "Created",
    meta: { width: "120px", sortable: true },
    cell: ({ row }) => <RelativeTime at={row.original.createdAt} />,
  }),
];

export function AssetsPage() {
  const search = route.useSearch();
  const setSearch = useSetSearch();
  const navigate = useNavigate();
  return (
    <ListPage<Asset>
      title="All assets"
      description="One record per host, linked to the sensor that runs on it."
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
      exports={assetExports}
      defaultSort={{ sort: "name", order: "asc" }}
      list={useList(assetList.query(search))}
      columns={COLUMNS}
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
  );
}
