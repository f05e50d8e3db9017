// Users and sessions, groups and tokens, sensors and assets, inventory by content, and the audit chain.
import { sql } from "kysely";
import type { Migration } from "./migration.ts";

export const firstSlice: Migration = {
  async up(db, dialect) {
    // Text sorts by code unit on both databases, so that a keyset page continues where the last one ended.
    const text = dialect === "postgres" ? sql`text collate "C"` : sql`text`;

    await db.schema
      .createTable("user")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("name", text, (c) => c.notNull())
      .addColumn("email", text, (c) => c.notNull().unique())
      .addColumn("email_verified", "integer", (c) => c.notNull().defaultTo(0))
      .addColumn("image", text)
      .addColumn("role", text, (c) => c.notNull())
      .addColumn("status", text, (c) => c.notNull())
      .addColumn("last_sign_in_at", "bigint")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("session")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("token", text, (c) => c.notNull().unique())
      .addColumn("user_id", text, (c) => c.notNull().references("user.id").onDelete("cascade"))
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .addColumn("ip_address", text)
      .addColumn("user_agent", text)
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .execute();
    await db.schema.createIndex("session_user").on("session").column("user_id").execute();

    await db.schema
      .createTable("account")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("account_id", text, (c) => c.notNull())
      .addColumn("provider_id", text, (c) => c.notNull())
      .addColumn("user_id", text, (c) => c.notNull().references("user.id").onDelete("cascade"))
      .addColumn("access_token", text)
      .addColumn("refresh_token", text)
      .addColumn("id_token", text)
      .addColumn("access_token_expires_at", "bigint")
      .addColumn("refresh_token_expires_at", "bigint")
      .addColumn("scope", text)
      .addColumn("password", text)
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .addUniqueConstraint("account_provider", ["provider_id", "account_id"])
      .execute();
    await db.schema.createIndex("account_user").on("account").column("user_id").execute();

    await db.schema
      .createTable("verification")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("identifier", text, (c) => c.notNull())
      .addColumn("value", text, (c) => c.notNull())
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .execute();
    await db.schema.createIndex("verification_identifier").on("verification").column("identifier").execute();

    await db.schema
      .createTable("setting")
      .addColumn("name", text, (c) => c.primaryKey())
      .addColumn("value", text, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("asset_group")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("name", text, (c) => c.notNull())
      .addColumn("name_key", text, (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("created_by", text, (c) => c.notNull().references("user.id"))
      .addColumn("deleted_at", "bigint")
      .execute();
    // A deleted group keeps its row for the tokens that refer to it, and frees its name.
    await sql`create unique index asset_group_name on asset_group (name_key) where deleted_at is null`.execute(
      db,
    );

    await db.schema
      .createTable("enrollment_token")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("name", text, (c) => c.notNull())
      .addColumn("name_key", text, (c) => c.notNull())
      .addColumn("value_hash", text, (c) => c.notNull().unique())
      .addColumn("hint", text, (c) => c.notNull())
      .addColumn("asset_group_id", text, (c) => c.references("asset_group.id"))
      .addColumn("expires_at", "bigint")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("created_by", text, (c) => c.notNull().references("user.id"))
      .addColumn("revoked_at", "bigint")
      .addColumn("revoked_by", text, (c) => c.references("user.id"))
      .addColumn("deleted_at", "bigint")
      .execute();
    await sql`create unique index enrollment_token_name on enrollment_token (name_key) where deleted_at is null`.execute(
      db,
    );
    await db.schema
      .createIndex("enrollment_token_created")
      .on("enrollment_token")
      .columns(["created_at", "id"])
      .execute();
    await db.schema
      .createIndex("enrollment_token_group")
      .on("enrollment_token")
      .column("asset_group_id")
      .execute();

    await db.schema
      .createTable("asset")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("name", text, (c) => c.notNull())
      .addColumn("name_key", text, (c) => c.notNull())
      .addColumn("type", text, (c) => c.notNull())
      .addColumn("category", text, (c) => c.notNull())
      .addColumn("asset_group_id", text, (c) => c.references("asset_group.id"))
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();
    await db.schema.createIndex("asset_name").on("asset").columns(["name_key", "id"]).execute();
    await db.schema.createIndex("asset_created").on("asset").columns(["created_at", "id"]).execute();
    await db.schema.createIndex("asset_group_members").on("asset").column("asset_group_id").execute();

    await db.schema
      .createTable("asset_identifier")
      .addColumn("asset_id", text, (c) => c.notNull().references("asset.id"))
      .addColumn("type", text, (c) => c.notNull())
      .addColumn("value", text, (c) => c.notNull())
      .addPrimaryKeyConstraint("asset_identifier_key", ["asset_id", "type", "value"])
      .execute();
    await db.schema
      .createIndex("asset_identifier_value")
      .on("asset_identifier")
      .columns(["type", "value"])
      .execute();

    await db.schema
      .createTable("sensor")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("public_key", text, (c) => c.notNull().unique())
      .addColumn("enrollment_token_id", text, (c) => c.notNull().references("enrollment_token.id"))
      .addColumn("asset_id", text, (c) => c.notNull().references("asset.id"))
      .addColumn("hostname", text, (c) => c.notNull())
      .addColumn("hostname_key", text, (c) => c.notNull())
      .addColumn("platform", text, (c) => c.notNull())
      .addColumn("os_name", text, (c) => c.notNull())
      .addColumn("os_version", text, (c) => c.notNull())
      .addColumn("architecture", text, (c) => c.notNull())
      .addColumn("version", text, (c) => c.notNull())
      .addColumn("enrolled_at", "bigint", (c) => c.notNull())
      .addColumn("reported_at", "bigint")
      .addColumn("deleted_at", "bigint")
      .execute();
    await db.schema.createIndex("sensor_hostname").on("sensor").columns(["hostname_key", "id"]).execute();
    await db.schema.createIndex("sensor_enrolled").on("sensor").columns(["enrolled_at", "id"]).execute();
    await db.schema.createIndex("sensor_token").on("sensor").column("enrollment_token_id").execute();
    // An asset has one existing sensor, even with simultaneous enrollments.
    await sql`create unique index sensor_asset on sensor (asset_id) where deleted_at is null`.execute(db);

    await db.schema
      .createTable("enrollment")
      .addColumn("id", text, (c) => c.primaryKey())
      .addColumn("enrollment_token_id", text, (c) => c.notNull().references("enrollment_token.id"))
      .addColumn("sensor_id", text, (c) => c.notNull().unique().references("sensor.id"))
      .addColumn("enrolled_at", "bigint", (c) => c.notNull())
      .addColumn("address", text, (c) => c.notNull())
      .addColumn("hostname", text, (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex("enrollment_token_uses")
      .on("enrollment")
      .columns(["enrollment_token_id", "enrolled_at"])
      .execute();

    await db.schema
      .createTable("sensor_presence")
      .addColumn("sensor_id", text, (c) => c.primaryKey().references("sensor.id"))
      .addColumn("last_seen_at", "bigint", (c) => c.notNull())
      .addColumn("last_nonce", "bigint", (c) => c.notNull())
      .addColumn("address", text, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("inventory_chunk")
      .addColumn("hash", text, (c) => c.primaryKey())
      .addColumn("category", text, (c) => c.notNull())
      .addColumn("content", text, (c) => c.notNull())
      .addColumn("item_count", "integer", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("inventory_manifest")
      .addColumn("root", text, (c) => c.notNull())
      .addColumn("category", text, (c) => c.notNull())
      .addColumn("chunks", text, (c) => c.notNull())
      .addColumn("item_count", "integer", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("inventory_manifest_key", ["category", "root"])
      .execute();

    await db.schema
      .createTable("sensor_inventory")
      .addColumn("sensor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("category", text, (c) => c.notNull())
      .addColumn("status", text, (c) => c.notNull())
      .addColumn("reason", text)
      .addColumn("root", text)
      .addColumn("changed_at", "bigint")
      .addPrimaryKeyConstraint("sensor_inventory_key", ["sensor_id", "category"])
      .execute();

    await db.schema
      .createTable("inventory_history")
      .addColumn("sensor_id", text, (c) => c.notNull().references("sensor.id"))
      .addColumn("category", text, (c) => c.notNull())
      .addColumn("reported_at", "bigint", (c) => c.notNull())
      .addColumn("root", text, (c) => c.notNull())
      .addPrimaryKeyConstraint("inventory_history_key", ["sensor_id", "category", "reported_at"])
      .execute();

    await db.schema
      .createTable("audit_event")
      .addColumn("sequence", "bigint", (c) => c.primaryKey())
      .addColumn("id", text, (c) => c.notNull().unique())
      .addColumn("at", "bigint", (c) => c.notNull())
      .addColumn("actor_type", text, (c) => c.notNull())
      .addColumn("actor_id", text, (c) => c.notNull())
      .addColumn("actor_name", text, (c) => c.notNull())
      .addColumn("action", text, (c) => c.notNull())
      .addColumn("entity_type", text, (c) => c.notNull())
      .addColumn("entity_id", text, (c) => c.notNull())
      .addColumn("details", text, (c) => c.notNull())
      .addColumn("previous_hash", text, (c) => c.notNull())
      .addColumn("hash", text, (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex("audit_event_entity")
      .on("audit_event")
      .columns(["entity_id", "sequence"])
      .execute();

    await db.schema
      .createTable("audit_head")
      .addColumn("id", "integer", (c) => c.primaryKey())
      .addColumn("sequence", "bigint", (c) => c.notNull())
      .addColumn("hash", text, (c) => c.notNull())
      .execute();
    await sql`insert into audit_head (id, sequence, hash) values (1, 0, '')`.execute(db);
  },
};
