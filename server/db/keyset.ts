// Keyset pages over any query: ordered by one expression and then by id, continued from a cursor instead of an offset.
import { COUNT_CAP } from "@attacklens/protocol/page.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { isPlainText } from "@attacklens/protocol/text.ts";
import { type Expression, type SelectQueryBuilder, sql } from "kysely";
import { z } from "zod";
import { foldText } from "../ids.ts";
import type { Database } from "./schema.ts";

/** What a list may be sorted by. Never null: coalesce what may be. */
export type Sort = { by: Expression<string>; type: "text" } | { by: Expression<number>; type: "number" };

export const byText = (by: Expression<string>): Sort => ({ by, type: "text" });
export const byNumber = (by: Expression<number>): Sort => ({ by, type: "number" });

export interface KeysetOptions {
  sort: Sort;
  id: Expression<string>;
  /** Name of the sort, kept in the cursor: a cursor of another sort is refused. */
  sortName: string;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

const text = z.string().max(1_000).refine(isPlainText);
const cursorContent = {
  text: z.strictObject({ s: z.string(), v: text, id: text }),
  number: z.strictObject({ s: z.string(), v: z.int(), id: text }),
};

// biome-ignore lint/suspicious/noExplicitAny: any table's query, whose row type passes through
type AnyQuery<Row> = SelectQueryBuilder<any, any, Row>;

/** The rows after the cursor. Throws input-invalid for a cursor that is not of this list and sort. */
export async function keysetRows<Row>(
  query: AnyQuery<Row>,
  { sort, id, sortName, order, cursor, limit }: KeysetOptions,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  let page = query
    .select([sql<string | number>`${sort.by}`.as("cursorValue"), sql<string>`${id}`.as("cursorId")])
    .orderBy(sort.by, order)
    .orderBy(id, order)
    .limit(limit + 1);
  if (cursor !== undefined) {
    const after = decodeCursor(cursor, `${sortName} ${order}`, sort.type);
    const comparison = order === "asc" ? sql`>` : sql`<`;
    page = page.where(sql<boolean>`(${sort.by}, ${id}) ${comparison} (${after.v}, ${after.id})`);
  }
  const rows = await page.execute();
  if (rows.length <= limit) return { rows, nextCursor: null };
  const last = rows[limit - 1]!;
  const content = { s: `${sortName} ${order}`, v: last.cursorValue, id: last.cursorId };
  return {
    rows: rows.slice(0, limit),
    nextCursor: Buffer.from(JSON.stringify(content)).toString("base64url"),
  };
}

function decodeCursor(cursor: string, sort: string, type: Sort["type"]) {
  try {
    const content = cursorContent[type].parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    if (content.s === sort) return content;
  } catch {
    // Whatever is wrong with it, the caller can only start again.
  }
  const message = "is not the nextCursor of a page with this sort and order";
  throw new Problem("input-invalid", `Cannot continue the list: cursor ${message}`, {
    fields: { cursor: message },
  });
}

/** How many rows a query has, counted no further than `COUNT_CAP`. */
export async function cappedCount<Row>(
  db: Database,
  query: AnyQuery<Row>,
): Promise<{ total: number; totalIsCapped: boolean }> {
  const some = query.select(sql<number>`1`.as("one")).limit(COUNT_CAP + 1);
  const { rows } = await sql<{ total: number }>`select count(*) as total from (${some}) as matching`.execute(
    db,
  );
  const total = Number(rows[0]?.total ?? 0);
  return { total: Math.min(total, COUNT_CAP), totalIsCapped: total > COUNT_CAP };
}

/** `column like '%text%'`, with the text's own wildcards taken literally; the column holds folded text. */
export function contains(
  column: Expression<string>,
  text: string,
): Expression<boolean> & ReturnType<typeof sql<boolean>> {
  const pattern = `%${foldText(text).replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`${column} like ${pattern} escape '\\'`;
}
