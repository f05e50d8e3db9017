import { CATEGORY_ITEMS, type Category, type Item } from "@attacklens/protocol/inventory/categories.ts";
import { getSensor, listSensorInventory } from "@attacklens/protocol/sensors.ts";
import { IconFilterOff, IconHourglass } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useList, useSetSearch } from "../../components/use-list.ts";
import { apiQuery } from "../../queries.ts";
import { type Columns, DataTable } from "../../ui/DataTable.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { countOf } from "../../ui/numbers.ts";
import { SearchInput } from "../../ui/SearchInput.tsx";
import { StateMessage } from "../../ui/StateMessage.tsx";
import { type InventoryRow, inventoryColumns } from "./inventory-columns.tsx";
import classes from "./SensorCategory.module.css";
import { CATEGORY_NAMES } from "./sensor-words.ts";
import { systemRows } from "./system-rows.ts";

const route = getRouteApi("/app/sensors/$sensorId/$category");

/** What the sensor last reported in one category. */
export function SensorCategory() {
  const { sensorId, category: text } = route.useParams();
  const category = text as Category;
  const { q } = route.useSearch();
  const setSearch = useSetSearch();
  const { data: sensor } = useSuspenseQuery(apiQuery(getSensor, { params: { id: sensorId } }));
  const list = useList(listSensorInventory, {
    params: { id: sensorId, category },
    ...(q ? { query: { q } } : {}),
  });
  const items = list.rows as Item[];
  const rows = useMemo<InventoryRow[]>(
    () => (category === "system" ? systemRows(items as Item<"system">[]) : items),
    [category, items],
  );
  const state = sensor.inventory.find((one) => one.category === category);
  const name = CATEGORY_NAMES[category].toLowerCase();
  const nothingYet = !state?.changedAt;
  return (
    <>
      {state?.status === "failed" && (
        <div className={classes.notice}>
          <Notice kind="danger">
            The last collection failed: {state.reason ?? "the sensor gave no reason"}.
            {!nothingYet && " What is shown is from the one before."}
          </Notice>
        </div>
      )}
      {nothingYet && state?.status !== "failed" && (
        <StateMessage icon={<IconHourglass size={20} />} title={`No ${name} reported yet`} role="status">
          {state?.status === "unsupported"
            ? "This sensor cannot collect them on its machine."
            : "The sensor sends them with its first report, normally within a minute of enrolling."}
        </StateMessage>
      )}
      {!nothingYet && (
        <div className={classes.tools}>
          <SearchInput label={`Search ${name}`} value={q} onChange={(text) => setSearch({ q: text })} />
          <span className="quiet" role="status">
            {countOf(list.total, "item")}
            {list.totalIsCapped && " or more"}
            {q && " matching"}
          </span>
        </div>
      )}
      {!nothingYet && rows.length === 0 && (
        <StateMessage icon={<IconFilterOff size={20} />} title={q ? "Nothing matches" : `No ${name}`} />
      )}
      {rows.length > 0 && (
        <DataTable
          key={category}
          label={CATEGORY_NAMES[category]}
          columns={inventoryColumns[category] as Columns<InventoryRow>}
          rows={rows}
          rowId={(row) => row.key}
          total={category === "system" ? rows.length : list.total}
          hasMore={list.hasMore}
          onMore={list.onMore}
        />
      )}
    </>
  );
}

/** Whether the last part of the address names a category. */
export function isCategory(text: string): text is Category {
  return Object.hasOwn(CATEGORY_ITEMS, text);
}
