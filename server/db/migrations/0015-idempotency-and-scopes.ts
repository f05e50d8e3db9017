// Idempotency keys of requests that create an object, and the inventory that each asset group has uploaded.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const idempotencyAndScopes: Migration = {
  async up(db, dialect) {
    const isPostgres = dialect === "postgres";
    const text = isPostgres ? sql`text collate "C"` : sql`text`;
    await db.schema
      .createTable("idempotency_key")
      .addColumn("key_hash", text, (c) => c.primaryKey().notNull())
      .addColumn("request_hash", text, (c) => c.notNull())
      .addColumn("object_id", text, (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex("idempotency_key_created_at")
      .on("idempotency_key")
      .column("created_at")
      .execute();
    const scopes = db.schema
      .createTable("inventory_scope")
      .addColumn("asset_group_id", text, (c) => c.notNull())
      .addColumn("hash", text, (c) => c.notNull())
      .addPrimaryKeyConstraint("inventory_scope_key", ["asset_group_id", "hash"]);
    await (isPostgres ? scopes : scopes.modifyEnd(sql`without rowid`)).execute();
  },
};
