// API keys: the credentials of programs, instead of a user's session.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const apiKeys: Migration = {
  async up(db, dialect) {
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
    await db.schema
      .createTable("api_key")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("name", text, (c) => c.notNull())
      .addColumn("name_key", text, (c) => c.notNull())
      .addColumn("value_hash", text, (c) => c.notNull().unique())
      .addColumn("hint", text, (c) => c.notNull())
      .addColumn("role", text, (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("created_by", text, (c) => c.notNull().references("user.id"))
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .addColumn("revoked_at", "bigint")
      .addColumn("revoked_by", text, (c) => c.references("user.id"))
      .addColumn("last_used_at", "bigint")
      .addColumn("last_used_address", text)
      .execute();
    await db.schema.createIndex("api_key_created").on("api_key").columns(["created_at", "id"]).execute();
  },
};
