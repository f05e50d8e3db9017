// Keyset pages over any query, ordered by one expression and then by id. A page continues from a cursor
// instead of an offset. No library fits: those for Kysely page by plain columns, and these pages need
// expressions, capped counts, and the query plans of both databases.
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { isPlainText } from "@attacklens/protocol/plain-text.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { type Expression, type SelectQueryBuilder, sql } from "kysely";
import { z } from "zod";
import { foldText } from "../ids.ts";
import { forSomeValues } from "./batches.ts";
import type { Database } from "./schema.ts";
import { inSnapshot, walkInOrder } from "./snapshot.ts";

/** An expression that a list can be sorted by. It must not be null: use coalesce. */
export type Sort = { by: Expression<string>; type: "text" } | { by: Expression<number>; type: "number" };

export const byText = (by: Expression<string>): Sort => ({ by, type: "text" });
export const byNumber = (by: Expression<number>): Sort => ({ by, type: "number" });

/** In the order of the values. Others are first. */
export function byRank(column: Expression<string>, values: readonly string[]): Sort {
  const ranks = values.map((value, rank) => sql`when ${sql.lit(value)} then ${sql.lit(rank)}`);
  return byNumber(sql<number>`case ${column} ${sql.join(ranks, sql` `)} else -1 end`);
}

export interface KeysetOptions {
  sort: Sort;
  id: Expression<string>;
  /** The name of the sort. The cursor contains it, and a cursor of another sort is refused. */
  sortName: string;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
  /** The text that the rows are searched for. */
  q?: string | undefined;
  /** Counts all rows, however many. */
  count?: "exact" | undefined;
}

const text = z.string().max(1_000).refine(isPlainText);
const cursorContent = {
  text: z.strictObject({ s: z.string(), g: text.optional(), v: text, id: text }),
  number: z.strictObject({ s: z.string(), v: z.int(), id: text }),
};

// biome-ignore lint/suspicious/noExplicitAny: any tables' query
export type AnyQuery = SelectQueryBuilder<any, any, any>;

/** The rows of a list. */
export interface Matching {
  /** Of several, each row is in one, and an index has the order of the page within each. */
  query: AnyQuery | readonly AnyQuery[];
  /** An index has the order of the page. */
  isWalked: boolean;
  /** Absent: the rows are counted. */
  count?: Count | undefined;
}

interface Count {
  total: number;
  /** There may be more. */
  totalIsCapped: boolean;
}

export interface KeysetPage<Row> extends Count {
  rows: Row[];
  nextCursor: string | null;
}

/**
 * Returns the page of the matching rows after the cursor. `matching` selects no columns, so that only an
 * index is read for the rows outside the page. `load` reads the rows of the page in any order. Throws
 * input-invalid for a cursor of another list or sort.
 */
export async function keysetPage<Row extends { id: string }>(
  db: Database,
  options: KeysetOptions,
  matching: (tx: Database) => Matching | Promise<Matching>,
  load: (tx: Database, some: string[]) => Promise<Row[]>,
): Promise<KeysetPage<Row>> {
  const after = readCursor({ ...options, type: options.sort.type });
  return await inSnapshot(
    db,
    async (tx) => readPage(tx, await matching(tx), { ...options, after }, load),
    options.q ? "by value" : undefined,
  );
}

async function readPage<Row extends { id: string }>(
  tx: Database,
  { query, isWalked, count: known }: Matching,
  options: KeysetOptions & { after: Cursor | undefined },
  load: (tx: Database, some: string[]) => Promise<Row[]>,
): Promise<KeysetPage<Row>> {
  const { sort, id, order, after, limit } = options;
  if (isWalked) await walkInOrder(tx);
  const parts = [query].flat();
  const inOrder = (rows: AnyQuery) => rows.orderBy(sort.by, order).orderBy(id, order);
  const count =
    options.count === "exact"
      ? { total: await countAll(tx, parts, ALL_ROWS), totalIsCapped: false }
      : (known ?? (await cappedCount(tx, parts.length === 1 && isWalked ? parts.map(inOrder) : parts)));
  if (count.total === 0 && !count.totalIsCapped) return { rows: [], nextCursor: null, ...count };
  const comparison = order === "asc" ? sql`>` : sql`<`;
  const first = (rows: AnyQuery) => {
    const page = inOrder(rows)
      .select([sql<string | number>`${sort.by}`.as("cursorValue"), sql<string>`${id}`.as("cursorId")])
      .limit(limit + 1);
    return after
      ? page.where(sql<boolean>`(${sort.by}, ${id}) ${comparison} (${after.v}, ${after.id})`)
      : page;
  };
  const { rows } =
    parts.length > 1
      ? await mergeParts(parts.map(first), order, limit + 1).execute(tx)
      : { rows: (await first(parts[0]!).execute()) as CursorRow[] };
  const found = rows.map(({ cursorValue, cursorId }) => ({ value: cursorValue, id: cursorId }));
  const shown = Math.min(found.length, limit);
  const isAll = !after && found.length <= limit;
  const more = count.totalIsCapped ? { total: Math.max(count.total, shown), totalIsCapped: !isAll } : count;
  return { ...(await loadPage(tx, found, options, load)), ...more };
}

interface CursorRow {
  cursorValue: string | number;
  cursorId: string;
}

function mergeParts(parts: readonly AnyQuery[], order: "asc" | "desc", most: number) {
  const all = parts.map((part, index) => sql`select * from (${part}) as ${sql.id(`part${index}`)}`);
  const direction = sql.raw(order);
  return sql<CursorRow>`select * from (${sql.join(all, sql` union all `)}) as parts
    order by cursor_value ${direction}, cursor_id ${direction} limit ${most}`;
}

/** The place of a row in its list. */
export interface RowKey {
  /** Rows are sorted by it first. Absent: by the value. */
  group?: string;
  value: string | number;
  id: string;
}

/** Returns the rows of a page. `keys`: of the page in its order, with one more if another page follows. */
export async function loadPage<Row extends { id: string }>(
  tx: Database,
  keys: readonly RowKey[],
  { sortName, order, limit }: Pick<KeysetOptions, "sortName" | "order" | "limit">,
  load: (tx: Database, some: string[]) => Promise<Row[]>,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  const shown = keys.slice(0, limit);
  const rows = await forSomeValues(
    shown.map(({ id }) => id),
    (some) => load(tx, some),
  );
  const loaded = new Map(rows.map((row) => [row.id, row]));
  const last = keys.length > limit ? shown.at(-1) : undefined;
  const content = last && { s: `${sortName} ${order}`, g: last.group, v: last.value, id: last.id };
  return {
    rows: shown.flatMap(({ id }) => loaded.get(id) ?? []),
    nextCursor: content ? Buffer.from(JSON.stringify(content)).toString("base64url") : null,
  };
}

export interface Cursor {
  g?: string | undefined;
  v: string | number;
  id: string;
}

/** Returns the row that a page continues after; undefined: the first page. Throws input-invalid. */
export function readCursor({
  sortName,
  order,
  cursor,
  type,
}: Pick<KeysetOptions, "sortName" | "order" | "cursor"> & { type: Sort["type"] }): Cursor | undefined {
  if (cursor === undefined) return undefined;
  try {
    const content = cursorContent[type].parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    if (content.s === `${sortName} ${order}`) return content;
  } catch {
    // For every invalid cursor, the caller must start again.
  }
  const message = "is not the nextCursor of a page with this sort and order";
  throw new Problem("input-invalid", `Cannot continue the list: cursor ${message}`, {
    fields: { cursor: message },
  });
}

/** More than any table has. */
export const ALL_ROWS = 1_000_000_000;

async function cappedCount(db: Database, parts: readonly AnyQuery[]): Promise<Count> {
  const total = await countAll(db, parts, COUNT_CAP + 1);
  return { total: Math.min(total, COUNT_CAP), totalIsCapped: total > COUNT_CAP };
}

async function countAll(db: Database, parts: readonly AnyQuery[], most: number): Promise<number> {
  let total = 0;
  for (const part of parts) if (total < most) total += await countUpTo(db, part, most - total);
  return total;
}

/** Counts the rows of a query, up to `most`. */
export async function countUpTo(db: Database, query: AnyQuery, most: number): Promise<number> {
  const some = query.clearSelect().select(sql<number>`1`.as("one")).limit(most);
  const { rows } = await sql<{ total: number }>`select count(*) as total from (${some}) as matching`.execute(
    db,
  );
  return Number(rows[0]?.total ?? 0);
}

/** Returns `column like '%text%'` with literal wildcards in the text. The column contains folded text. */
export function contains(
  column: Expression<string>,
  text: string,
): Expression<boolean> & ReturnType<typeof sql<boolean>> {
  const pattern = `%${foldText(text).replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`${column} like ${pattern} escape '\\'`;
}
