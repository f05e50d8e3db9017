import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { INVENTORY_VIEWS } from "@attacklens/protocol/inventory/facets.ts";
import type { Sensor } from "@attacklens/protocol/sensors.ts";
import { IconFilterOff, IconHourglass } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { ProgressLine } from "../../components/NavigationProgress.tsx";
import { PLATFORM_NAMES } from "../../components/platform-names.ts";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { type Columns, DataTable } from "../../ui/DataTable.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { countOf } from "../../ui/numbers.ts";
import { SearchInput } from "../../ui/SearchInput.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { emptyPageOf, failureOf, itemCountOf } from "./category-words.ts";
import { FacetFilters } from "./FacetFilters.tsx";
import { GapList } from "./GapList.tsx";
import { type InventoryRow, inventoryColumns } from "./inventory-columns.tsx";
import { inventoryQuery, validSearch } from "./inventory-queries.ts";
import { missingColumns } from "./missing-columns.ts";
import classes from "./SensorCategory.module.css";
import { sensorQuery } from "./sensor-queries.ts";
import { CATEGORY_NAMES, CATEGORY_NOUNS } from "./sensor-words.ts";
import { systemRows } from "./system-rows.ts";

const route = getRouteApi("/app/sensors/$sensorId/$category");

/** The latest report of a sensor in one category. Another category never shows the rows of this one. */
export function SensorCategory() {
  const { sensorId, category } = route.useParams();
  return (
    <CategoryReport key={`${sensorId} ${category}`} sensorId={sensorId} category={category as Category} />
  );
}

function CategoryReport({ sensorId, category }: { sensorId: string; category: Category }) {
  const search = route.useSearch();
  const { q } = search;
  const valid = validSearch(category, search);
  const setSearch = useSetSearch();
  const { data: sensor } = useSuspenseQuery(sensorQuery(sensorId));
  const list = useList(inventoryQuery(sensorId, category, search));
  const items = list.rows as Item[];
  const rows = useMemo<InventoryRow[]>(
    () => (category === "system" ? systemRows(items as Item<"system">[]) : items),
    [category, items],
  );
  const state = sensor.inventory.find((one) => one.category === category);
  const name = CATEGORY_NOUNS[category];
  const failure = state && failureOf(state);
  const empty = emptyPageOf(category, state, sensor.platform);
  const isEmpty = !state?.changedAt;
  const isFiltered = Boolean(q || valid.where);
  const isCut = !isFiltered && state?.totalItems !== undefined;
  const missing = missingColumns(category, sensor.platform);
  const columns = useMemo(() => columnsOf(category, sensor.platform), [category, sensor.platform]);
  return (
    <>
      {list.isPending && <ProgressLine />}
      {failure && (
        <div className={classes.notice}>
          <Notice kind="danger">
            {failure}
            {!isEmpty && " The previous collection is shown."}
          </Notice>
        </div>
      )}
      {!isEmpty && state.gaps && (
        <div className={classes.notice}>
          <GapList gaps={state.gaps} />
        </div>
      )}
      {empty && (
        <StateMessage icon={<IconHourglass size={20} />} title={empty.title} role="status">
          {empty.text}
        </StateMessage>
      )}
      {!isEmpty && (
        <div className={classes.tools}>
          <SearchInput label={`Search ${name}`} value={q} onChange={(text) => setSearch({ q: text })} />
          <FacetFilters
            category={category}
            where={valid.where}
            facets={list.facets}
            onChange={(where) => setSearch({ where })}
          />
          <span className="quiet" role="status">
            {isCut ? `First ${itemCountOf(state)} items` : countOf(list.total ?? 0, "item")}
            {isFiltered && " matching"}
          </span>
          {missing.length > 0 && (
            <span className="quiet">
              Not collected on {PLATFORM_NAMES[sensor.platform]}: {missing.join(", ")}
            </span>
          )}
        </div>
      )}
      {!isEmpty && rows.length === 0 && (
        <StateMessage
          icon={<IconFilterOff size={20} />}
          title={isFiltered ? `No ${name} match your search and filters` : `No ${name}`}
        />
      )}
      {rows.length > 0 && (
        <DataTable
          label={CATEGORY_NAMES[category]}
          columns={columns}
          sort={valid.sort && sortsOf(category)[valid.sort]?.label}
          order={valid.order}
          onSort={(label, order) => setSearch({ sort: fieldOf(category, label), order })}
          rows={rows}
          rowId={(row) => row.key}
          total={category === "system" ? rows.length : (list.total ?? 0)}
          hasMore={list.hasMore}
          onMore={list.onMore}
        />
      )}
    </>
  );
}

const sortsOf = (category: Category): Readonly<Record<string, { label: string }>> =>
  INVENTORY_VIEWS[category].sorts;

/** The field that a column sorts by; its header names it. */
function fieldOf(category: Category, label: string): string | undefined {
  return Object.entries(sortsOf(category)).find(([, sort]) => sort.label === label)?.[0];
}

function columnsOf(category: Category, platform: Sensor["platform"]): Columns<InventoryRow> {
  const missing = missingColumns(category, platform);
  return (inventoryColumns[category] as Columns<InventoryRow>)
    .filter(({ id }) => !missing.includes(id ?? ""))
    .map((column) =>
      column.id && fieldOf(category, column.id)
        ? { ...column, meta: { ...column.meta, sortable: true } }
        : column,
    );
}
