// The size and the bucket of each chunk, so that the size of a category is checked before it is read.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import { bucketOf } from "@attacklens/protocol/inventory/chunks.ts";
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

const AT_ONCE = 200;

export const chunkSizes: Migration = {
  async up(db) {
    for (const name of ["size_bytes", "bucket"]) {
      await db.schema
        .alterTable("inventory_chunk")
        .addColumn(name, "integer", (c) => c.notNull().defaultTo(-1))
        .execute();
    }
    for (;;) {
      const { rows } = await sql<{ hash: string; category: Category; content: string }>`
        select hash, category, content from inventory_chunk where bucket < 0 limit ${AT_ONCE}`.execute(db);
      for (const { hash, category, content } of rows) {
        const [first] = JSON.parse(content) as { key: string }[];
        await sql`update inventory_chunk
          set size_bytes = ${Buffer.byteLength(content)}, bucket = ${bucketOf(category, first?.key ?? "")}
          where hash = ${hash} and category = ${category}`.execute(db);
      }
      if (rows.length < AT_ONCE) return;
    }
  },
};
