// The X25519 key of a sensor's instance, from which each server derives the key of its MACs.
import type { Migration } from "./migration.ts";

export const agreementKey: Migration = {
  async up(db) {
    await db.schema.alterTable("sensor").addColumn("agreement_key", "text").execute();
  },
};
