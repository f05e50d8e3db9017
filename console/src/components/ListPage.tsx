// The pattern of every list page: title and count, description, primary action, search, filters and table.
import { COLUMNS_NAME } from "@attacklens/protocol/list-search.ts";
import { type Permission, ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { ViewList } from "@attacklens/protocol/views.ts";
import { Button } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { meQuery } from "../queries.ts";
import { CopyIcon } from "../ui/CopyButton.tsx";
import { type Columns, DataTable } from "../ui/DataTable.tsx";
import { Notice } from "../ui/Notice.tsx";
import { countOf, formatCount } from "../ui/numbers.ts";
import { SearchInput, type TypedFilters } from "../ui/SearchInput.tsx";
import { StateMessage } from "../ui/StateMessage.tsx";
import { ColumnsMenu } from "./ColumnsMenu.tsx";
import { ExportMenu, type ExportRoutes } from "./ExportMenu.tsx";
import { useIgnored } from "./ignored-filters.ts";
import classes from "./ListPage.module.css";
import { useListPlace } from "./list-places.ts";
import { queryOf } from "./list-search.ts";
import { ProgressLine } from "./NavigationProgress.tsx";
import { PageHeader } from "./PageHeader.tsx";
import { RouteProblem } from "./RouteProblem.tsx";
import { useColumns } from "./use-columns.ts";
import { type List, type SetSearch, useSetSearch } from "./use-list.ts";
import type { ReferenceResult } from "./use-reference.tsx";
import { ViewsMenu } from "./ViewsMenu.tsx";

const NONE: ReadonlySet<string> = new Set();

interface ListSearch {
  q?: string | undefined;
  sort?: string | undefined;
  order?: "asc" | "desc" | undefined;
}

interface ListPageProps<Row extends { id: string }> {
  title: string;
  description: string;
  /** The rows in running text, such as `sensors`. */
  noun: string;
  action?: ReactNode;
  /** The list that saved views name. */
  views: ViewList;
  searchLabel: string;
  search: ListSearch;
  /** A search for one or two characters finds only names that begin with them. */
  findsBeginnings?: boolean;
  /** The filter chips. `filterNames` are their names in the URL. */
  filters?: ReactNode;
  filterNames?: readonly string[];
  /** The filters and the search as one line of text, which the search also reads. */
  line?: {
    text: string;
    take: (typed: string, isDone: boolean) => TypedFilters;
    setSearch: SetSearch;
  };
  defaultSort: { sort: string; order: "asc" | "desc" };
  list: List<Row>;
  columns: Columns<Row>;
  /** The routes that export the list. Their columns have the ids of the list's. */
  exports?: ExportRoutes;
  onRowClick?: (row: Row) => void;
  /** The search is for the reference of an enrollment attempt, which is not a row. */
  reference?: ReferenceResult | undefined;
  /** The actions on the selected rows. `isAll`: on all that match, loaded or not. */
  bulk?: (rows: Row[], clear: () => void, isAll: boolean) => ReactNode;
  /** The actions accept a filter instead of rows. */
  canSelectMatching?: boolean;
  nameOf?: (row: Row) => string;
  /** The permission for the changes on this page. Without it, no row can be selected. */
  manage?: Permission;
  /** The permission to open this page, if not every user has it. */
  reads?: Permission;
  /** Shown when no object exists yet. */
  empty: ReactNode;
}

export function ListPage<Row extends { id: string }>(props: ListPageProps<Row>) {
  const { data: me } = useSuspenseQuery(meQuery);
  // The role changed while the page was open. Its rows must not stay.
  if (props.reads && !me.permissions.includes(props.reads))
    return (
      <RouteProblem
        error={new Problem("permission-missing", `Your role is now ${ROLE_NAMES[me.role]}.`)}
        reset={() => undefined}
      />
    );
  return <OpenList {...props} />;
}

function OpenList<Row extends { id: string }>(props: ListPageProps<Row>) {
  const { title, search, filterNames = [], list } = props;
  const values = search as Record<string, string | undefined>;
  const setParameters = useSetSearch();
  const setSearch = props.line?.setSearch ?? setParameters;
  const place = useListPlace(search);
  const { data: me } = useSuspenseQuery(meQuery);
  const bulk = props.manage && !me.permissions.includes(props.manage) ? undefined : props.bulk;
  const ignored = useIgnored(search);
  const columns = useColumns(me.id, title, props.columns, values[COLUMNS_NAME]);
  const [chosenIds, setChosenIds] = useState<ReadonlySet<string>>(NONE);
  // The filter whose matches are all selected. Another filter selects none.
  const [allOf, setAllOf] = useState<string>();
  const isAll = allOf !== undefined && allOf === JSON.stringify(search);
  const choose = (ids: ReadonlySet<string>) => {
    setAllOf(undefined);
    setChosenIds(ids);
  };
  // Rows that were deleted or filtered out are no longer selected.
  const chosen = list.rows.filter((row) => isAll || chosenIds.has(row.id));
  const offersAll = props.canSelectMatching && !isAll && list.hasMore && chosen.length === list.rows.length;
  const isFiltered = Boolean(search.q) || filterNames.some((name) => values[name]);
  const clear = () => setSearch(Object.fromEntries(["q", ...filterNames].map((name) => [name, undefined])));
  const isEmpty = list.rows.length === 0 && !isFiltered;
  // While a search runs, or fails, the rows and their count are those of the search before.
  const count = list.total === undefined || list.isPending ? "…" : formatCount(list.total);
  const menus = (
    <div className={classes.menus}>
      <ViewsMenu list={props.views} search={values} setSearch={setSearch} columns={columns.chosen} />
      <ColumnsMenu choices={columns.choices} onToggle={columns.toggle} />
      {props.exports && (
        <ExportMenu
          routes={props.exports}
          query={{
            ...queryOf(search),
            columns: columns.shown
              .filter(({ header }) => typeof header === "string")
              .map(({ id }) => id)
              .join(),
          }}
        />
      )}
    </div>
  );
  return (
    <>
      <PageHeader
        title={title}
        mark={
          <span className={classes.count}>
            {count}
            {isFiltered && " matching"}
          </span>
        }
        description={props.description}
        action={
          <>
            {!isEmpty && menus}
            {props.action}
          </>
        }
        {...(props.manage ? { manage: props.manage } : {})}
      />
      {!isEmpty && (
        <div className={classes.tools}>
          <search className={classes.search}>
            <SearchInput
              label={props.searchLabel}
              value={search.q}
              onChange={(q) => setSearch({ q })}
              take={props.line?.take}
              onFilters={setSearch}
            />
            {props.filters}
          </search>
          {isFiltered && (
            <Button variant="subtle" color="gray" flex="none" onClick={clear}>
              Clear
            </Button>
          )}
          {isFiltered && props.line && <CopyIcon value={props.line.text} name="filter" />}
        </div>
      )}
      {props.findsBeginnings && search.q && [...search.q].length < 3 && (
        <div className={`${classes.notice} quiet`} role="status">
          One or two characters find only names that begin with them.
        </div>
      )}
      {props.reference?.notice}
      {ignored && (
        <div className={classes.notice}>
          <Notice kind="info">
            The address had {countOf(ignored.length, "filter that does", "filters that do")} not exist:{" "}
            {ignored.join(", ")}. {ignored.length === 1 ? "It was" : "They were"} cleared.
          </Notice>
        </div>
      )}
      {bulk && chosen.length > 0 && (
        <section className={classes.bulk} aria-label="Chosen rows">
          <strong aria-live="polite">
            {isAll ? `All ${count} that match selected` : `${formatCount(chosen.length)} selected`}
          </strong>
          {offersAll && (
            <Button
              variant="light"
              size="compact-sm"
              onClick={() => setAllOf(JSON.stringify(search))}
            >{`Select all ${count} that match`}</Button>
          )}
          {bulk(chosen, () => choose(NONE), isAll)}
          <Button variant="subtle" color="gray" size="compact-sm" onClick={() => choose(NONE)}>
            Clear selection
          </Button>
        </section>
      )}
      {list.isPending && <ProgressLine />}
      {list.refreshFailed && (
        <div className={classes.notice}>
          <Notice kind="warning">
            This list is not up to date. {list.refreshFailed} Retrying every few seconds.
          </Notice>
        </div>
      )}
      {isEmpty && props.empty}
      {list.rows.length === 0 && isFiltered && !props.reference && (
        <StateMessage
          icon={<IconFilterOff size={20} />}
          title="No matches"
          role="status"
          action={
            <Button variant="default" onClick={clear}>
              Clear search and filters
            </Button>
          }
        >
          No {props.noun} match your search and filters.
        </StateMessage>
      )}
      {list.rows.length > 0 && (
        <DataTable
          label={title}
          columns={columns.shown}
          rows={list.rows}
          rowId={(row) => row.id}
          total={list.total ?? -1}
          {...(props.onRowClick ? { onRowClick: props.onRowClick } : {})}
          sort={search.sort ?? props.defaultSort.sort}
          order={search.order ?? props.defaultSort.order}
          onSort={(sort, order) => setSearch({ sort, order })}
          hasMore={list.hasMore}
          onMore={list.onMore}
          onShow={list.onShow}
          place={place}
          selection={
            bulk && {
              ids: chosenIds,
              isAll,
              onChange: choose,
              nameOf: props.nameOf ?? ((row) => row.id),
            }
          }
        />
      )}
    </>
  );
}
