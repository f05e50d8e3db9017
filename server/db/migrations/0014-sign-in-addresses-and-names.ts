// Addresses of earlier sign-ins, which are served first while many clients sign in. And keys of names without
// the characters that Unicode declares ignorable.
import { type Kysely, sql } from "kysely";
import type { Dialect, Migration } from "./migration.ts";

export const signInAddressesAndNames: Migration = {
  async up(db, dialect) {
    await db.schema
      .createTable("sign_in_address")
      .addColumn("address", "text", (c) => c.primaryKey())
      .addColumn("signed_in_at", "bigint", (c) => c.notNull())
      .execute();
    await db.schema.createIndex("sign_in_address_at").on("sign_in_address").column("signed_in_at").execute();

    await replaceKeys(db, dialect, "asset_group", "name", isFree);
    await replaceKeys(db, dialect, "enrollment_token", "name", isFree);
    await replaceKeys(db, dialect, "api_key", "name");
    await replaceKeys(db, dialect, "asset", "name");
    await replaceKeys(db, dialect, "sensor", "hostname");
    await replaceKeys(db, dialect, "enrollment_attempt", "hostname");
  },
};

/** The comparison of names at the time of this migration. */
function nameKey(name: string): string {
  const visible = name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.toLowerCase().normalize("NFKC").trim();
}

type IsFree = (db: Kysely<unknown>, table: string, key: string) => Promise<boolean>;

async function replaceKeys(
  db: Kysely<unknown>,
  dialect: Dialect,
  table: string,
  column: string,
  mayReplace?: IsFree,
): Promise<void> {
  const [name, key] = [sql.ref(column), sql.ref(`${column}_key`)];
  // ASCII has no ignorable characters, so the keys of ASCII names stay the same.
  const isAscii =
    dialect === "postgres"
      ? sql`octet_length(${name}) = char_length(${name})`
      : sql`length(cast(${name} as blob)) = length(${name})`;
  const { rows } = await sql<{ id: string; name: string; key: string }>`
    select id, ${name} as name, ${key} as key from ${sql.table(table)} where not (${isAscii}) order by id`.execute(
    db,
  );
  for (const row of rows) {
    const next = nameKey(row.name);
    if (next === row.key || (mayReplace && !(await mayReplace(db, table, next)))) continue;
    await sql`update ${sql.table(table)} set ${key} = ${next} where id = ${row.id}`.execute(db);
  }
}

/**
 * Of two names with the same new key, the older one gets it, and the other keeps its old key until it is
 * renamed.
 */
async function isFree(db: Kysely<unknown>, table: string, key: string): Promise<boolean> {
  const { rows } =
    await sql`select 1 from ${sql.table(table)} where name_key = ${key} and deleted_at is null`.execute(db);
  return rows.length === 0;
}
