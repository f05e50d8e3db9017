// A table of paged rows with a sticky header and a fixed row height. Only visible rows are in the document.
import { Checkbox } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  type ColumnDef,
  createColumnHelper,
  metaHelper,
  type RowData,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type MouseEvent, useEffect, useRef } from "react";
import classes from "./DataTable.module.css";
import { type Order, SortHeader } from "./SortHeader.tsx";
import { useRowFocus } from "./use-row-focus.ts";
import { type PlaceKeeper, useTablePlace } from "./use-table-place.ts";

interface ColumnMeta {
  /** A CSS width. Columns without a width share the remaining space. */
  width?: string;
  sortable?: boolean;
  align?: "right";
  /** Hidden until the user chooses it. */
  isOptional?: boolean;
  /** Hidden when the table is narrow. `widest`: unless it is wider than a laptop screen leaves. */
  wideOnly?: true | "widest";
  /** First where a row has two lines. Absent everywhere: the first column. */
  isTitle?: boolean;
}

const features = tableFeatures({ columnMeta: metaHelper<ColumnMeta>() });

export type Columns<Row extends RowData> = ColumnDef<typeof features, Row>[];

export function columnsOf<Row extends RowData>() {
  return createColumnHelper<typeof features, Row>();
}

const ROW_HEIGHT = 36;
/** Where DataTable.module.css shows a row in two lines. */
const TWO_LINES = { media: "(max-width: 900px)", rowHeight: 61 };
const ROWS_BEFORE_END = 30;

/** The selected rows, by id. */
export interface Selection<Row> {
  ids: ReadonlySet<string>;
  /** Every row is selected, also those that are not loaded. */
  isAll: boolean;
  onChange: (ids: ReadonlySet<string>) => void;
  nameOf: (row: Row) => string;
}

export interface DataTableProps<Row extends RowData> {
  label: string;
  columns: Columns<Row>;
  rows: Row[];
  rowId: (row: Row) => string;
  /** -1: not known yet. */
  total: number;
  onRowClick?: (row: Row) => void;
  sort?: string | undefined;
  order?: Order | undefined;
  onSort?: (column: string, order: Order) => void;
  hasMore: boolean;
  onMore: () => void;
  /** Called with the indexes of the first and the last row on the screen. */
  onShow?: (first: number, last: number) => void;
  selection?: Selection<Row> | undefined;
  place?: PlaceKeeper | undefined;
}

export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { label, columns, rows, rowId, total, onRowClick, sort, order, onSort, hasMore, onMore, selection } =
    props;
  const table = useTable({ features, columns, data: rows, getRowId: rowId });
  const tableRows = table.getRowModel().rows;
  const scroller = useRef<HTMLElement>(null);
  const hasTwoLines = useMediaQuery(TWO_LINES.media, undefined, { getInitialValueInEffect: false });
  const rowHeight = hasTwoLines ? TWO_LINES.rowHeight : ROW_HEIGHT;
  const virtualizer = useVirtualizer({
    count: tableRows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 1200, height: 800 },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows have another height
  useEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  const shown = virtualizer.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  const isNearEnd = hasMore && lastShown >= tableRows.length - ROWS_BEFORE_END;
  useEffect(() => {
    if (isNearEnd) onMore();
  }, [isNearEnd, onMore]);
  const { onShow } = props;
  const firstShown = shown[0]?.index ?? 0;
  useEffect(() => onShow?.(firstShown, lastShown), [onShow, firstShown, lastShown]);
  useTablePlace(scroller, props.place, { rows: rows.length, hasMore, onMore });

  useRowFocus(scroller, {
    count: tableRows.length,
    scrollTo: (index) => virtualizer.scrollToIndex(index),
    onOpen: onRowClick && ((index) => tableRows[index] && onRowClick(tableRows[index].original)),
  });

  const above = shown[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (shown.at(-1)?.end ?? 0);
  const rowCount = total < 0 ? -1 : total + 1;
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const titleId = (headers.find(({ column }) => column.columnDef.meta?.isTitle) ?? headers[0])?.id;
  return (
    <section ref={scroller} className={classes.scroller} aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows have the focus */}
      <table role="grid" aria-label={label} className={classes.table} aria-rowcount={rowCount}>
        <colgroup>
          {selection && <col style={{ width: "36px" }} />}
          {headers.map(({ id, column }) => (
            <col
              key={id}
              className={wide(column.columnDef.meta)}
              style={{ width: column.columnDef.meta?.width }}
            />
          ))}
        </colgroup>
        <thead>
          <tr>
            {selection && (
              <th scope="col">
                <SelectAll selection={selection} ids={rows.map(rowId)} hasMore={hasMore} />
              </th>
            )}
            {headers.map((header) => {
              const meta = header.column.columnDef.meta;
              const isSorted = sort === header.column.id;
              return (
                <th
                  key={header.id}
                  scope="col"
                  className={wide(meta)}
                  data-align={meta?.align}
                  aria-sort={isSorted ? (order === "desc" ? "descending" : "ascending") : undefined}
                >
                  {meta?.sortable && onSort ? (
                    <SortHeader
                      order={isSorted ? order : undefined}
                      onSort={(next) => onSort(header.column.id, next)}
                    >
                      <table.FlexRender header={header} />
                    </SortHeader>
                  ) : (
                    <table.FlexRender header={header} />
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          <Spacer height={above} />
          {shown.map((item) => {
            const row = tableRows[item.index];
            if (!row) return null;
            return (
              <tr
                key={row.id}
                data-row={row.id}
                aria-rowindex={item.index + 2}
                data-selected={(selection && isSelected(selection, row.id)) || undefined}
                data-clickable={onRowClick ? true : undefined}
                onClick={(event) => isRowClick(event) && onRowClick?.(row.original)}
              >
                {selection && (
                  <td data-part="select">
                    <Checkbox
                      aria-label={`Select ${selection.nameOf(row.original)}`}
                      checked={isSelected(selection, row.id)}
                      onChange={() => selection.onChange(toggled(selection, rows.map(rowId), row.id))}
                    />
                  </td>
                )}
                {row.getAllCells().map((cell) => {
                  const meta = cell.column.columnDef.meta;
                  return (
                    <td
                      key={cell.id}
                      className={wide(meta)}
                      data-align={meta?.align}
                      data-part={partOf(cell.column.id, titleId)}
                      data-label={labelOf(cell.column.columnDef)}
                    >
                      <table.FlexRender cell={cell} />
                    </td>
                  );
                })}
              </tr>
            );
          })}
          <Spacer height={below} />
        </tbody>
      </table>
    </section>
  );
}

interface SelectAllProps<Row> {
  selection: Selection<Row>;
  /** The loaded rows. */
  ids: string[];
  hasMore: boolean;
}

/** Selects all loaded rows, or none. It is mixed unless every row is selected. */
function SelectAll<Row>({ selection, ids, hasMore }: SelectAllProps<Row>) {
  const chosen = ids.filter((id) => isSelected(selection, id)).length;
  const isFull = chosen > 0 && chosen === ids.length;
  const isAll = isFull && (selection.isAll || !hasMore);
  return (
    <Checkbox
      aria-label="Select all rows"
      checked={isAll}
      indeterminate={chosen > 0 && !isAll}
      onChange={() => selection.onChange(new Set(isFull ? [] : ids))}
    />
  );
}

const isSelected = <Row,>({ ids, isAll }: Selection<Row>, id: string) => isAll || ids.has(id);

/** Without one of all rows, the other loaded rows are selected. */
function toggled<Row>(
  { ids, isAll }: Selection<Row>,
  loaded: readonly string[],
  id: string,
): ReadonlySet<string> {
  const after = new Set(isAll ? loaded : ids);
  if (!after.delete(id)) after.add(id);
  return after;
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: an empty row cannot have the focus
    <tr aria-hidden="true" className={classes.spacer}>
      <td style={{ height }} />
    </tr>
  );
}

/** The parts of a row that have their own place when it has two lines. */
function partOf(columnId: string, titleId: string | undefined): string | undefined {
  if (columnId === titleId) return "name";
  return columnId === "menu" ? "menu" : undefined;
}

/** A number says what it counts where its column has no header. */
function labelOf({ header, meta }: { header?: unknown; meta?: ColumnMeta | undefined }): string | undefined {
  return meta?.align === "right" && typeof header === "string" ? header : undefined;
}

function wide(meta: ColumnMeta | undefined): string | undefined {
  if (!meta?.wideOnly) return undefined;
  return meta.wideOnly === "widest" ? `${classes.wideOnly} ${classes.widest}` : classes.wideOnly;
}

/** False for a click on a control inside the row, and for the end of a text selection. */
function isRowClick(event: MouseEvent<HTMLElement>): boolean {
  const target = event.target as HTMLElement;
  if (!event.currentTarget.contains(target) || target.closest("a, button, input, label")) return false;
  return !window.getSelection()?.toString();
}
