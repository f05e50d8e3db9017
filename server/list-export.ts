// The text of an export, written in parts while it is read, so that the memory does not depend on the number
// of rows. The first line, or the first record, has what was exported and when.
import { toCsv } from "@attacklens/protocol/csv.ts";
import { toInstant } from "./ids.ts";

export type ExportFormat = "csv" | "jsonl";

const ROWS_OF_PAGE = 100;

interface ExportShape<Row> {
  /** What the rows are, in lower case: `audit log`. */
  noun: string;
  format: ExportFormat;
  /** What was exported and when. */
  header: Record<string, unknown>;
  /** The names of the columns in CSV. */
  csvColumns: readonly string[];
  csvRow: (row: Row) => string[];
  /** More of the first record in JSON lines. */
  jsonHeader?: Record<string, unknown>;
  jsonRow: (row: Row) => unknown;
}

/** A page of the rows, without those before it. */
type ReadPage<Row> = (position: {
  limit: number;
  cursor: string | undefined;
}) => Promise<{ rows: readonly Row[]; nextCursor: string | null }>;

export async function* writeExport<Row>(
  { noun, format, header, csvColumns, csvRow, jsonHeader, jsonRow }: ExportShape<Row>,
  readPage: ReadPage<Row>,
): AsyncGenerator<string> {
  const line = (value: unknown) => `${JSON.stringify(value)}\n`;
  const type = `attacklens-${noun.toLowerCase().replaceAll(" ", "-")}`;
  yield format === "csv"
    ? toCsv([[`# AttackLens ${noun} ${JSON.stringify(header)}`], csvColumns])
    : line({ type, ...header, ...jsonHeader });
  let cursor: string | undefined;
  do {
    const { rows, nextCursor } = await readPage({ limit: ROWS_OF_PAGE, cursor });
    if (rows.length > 0)
      yield format === "csv" ? toCsv(rows.map(csvRow)) : rows.map((row) => line(jsonRow(row))).join("");
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}

type Cell = string | number | readonly string[] | null;

export type ListCells<Item, Column extends string> = Record<Column, (item: Item) => Cell>;

interface ListSource<Item, Column extends string, Filter> {
  exports: { noun: string; columns: readonly Column[] };
  cells: ListCells<Item, Column>;
  list: (
    query: Filter & { limit: number; cursor: string | undefined },
  ) => Promise<{ items: Item[]; nextCursor: string | null }>;
}

export interface ListExport<Query> {
  format: ExportFormat;
  now: number;
  query: Query;
  /** Throws if the user may no longer read the list, before each page. */
  checkAgain: () => Promise<unknown>;
}

/** Yields the export of a list with the chosen columns. */
export function exportList<
  Item,
  Column extends string,
  Query extends { sort: string; order: string; columns?: string | undefined },
>(
  { exports: { noun, columns: known }, cells, list }: ListSource<Item, Column, Omit<Query, "columns">>,
  { format, now, query, checkAgain }: ListExport<Query>,
): AsyncGenerator<string> {
  const { columns: text, ...listed } = query;
  const { sort, order, ...filter } = listed;
  const columns = text === undefined ? known : columnsIn(text, known);
  const shape = {
    noun,
    format,
    header: { exportedAt: toInstant(now), filter, sort, order },
    csvColumns: columns,
    csvRow: (item: Item) => columns.map((column) => textOf(cells[column](item))),
    jsonHeader: { columns },
    jsonRow: (item: Item) => Object.fromEntries(columns.map((column) => [column, cells[column](item)])),
  };
  return writeExport(shape, async (position) => {
    await checkAgain();
    const { items, nextCursor } = await list({ ...listed, ...position });
    return { rows: items, nextCursor };
  });
}

function textOf(cell: Cell): string {
  if (cell === null) return "";
  return typeof cell === "object" ? cell.join(" ") : String(cell);
}

/** In the order of the text. */
function columnsIn<Column extends string>(text: string, known: readonly Column[]): readonly Column[] {
  const named = new Set(text.split(","));
  return [...named].flatMap((name) => known.filter((one) => one === name));
}
