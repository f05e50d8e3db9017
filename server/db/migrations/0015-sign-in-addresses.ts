// The addresses from which people have signed in, which are served first while many sign in.
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const signInAddresses: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("sign_in_address")
      .addColumn("address", "text", (c) => c.primaryKey())
      .addColumn("signed_in_at", "bigint", (c) => c.notNull())
      .execute();
    await db.schema.createIndex("sign_in_address_at").on("sign_in_address").column("signed_in_at").execute();
  },
};
