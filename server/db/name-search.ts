// Finds names by a part of at least three characters with an index of all groups of three: on SQLite the
// tables of FTS5, on PostgreSQL an index of pg_trgm.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { type Expression, sql } from "kysely";
import { foldText } from "../ids.ts";
import { dialectOf, lockMigrations } from "./dialect.ts";
import { type AnyQuery, contains } from "./keyset.ts";
import type { Database } from "./schema.ts";

/** Characters of a group. A shorter text has no index. */
const GROUP = 3;
/** Groups of a long text that the index compares. The names that it finds are compared with all of it. */
const MOST_GROUPS = 8;

/** Above every other character in the order of both databases. */
const LAST_CHARACTER = "\u{10ffff}";

/**
 * Returns the beginning of the names that a text of one or two characters finds; undefined: a longer text
 * finds any part. No index finds a part that is so short, and it would be in most names.
 */
function beginningOf(text: string): string | undefined {
  const folded = foldText(text);
  return [...folded].length < GROUP ? folded : undefined;
}

/** Returns whether a search for this text finds a name. `column` contains folded names. */
export function isNamed(column: Expression<string>, text: string) {
  const beginning = beginningOf(text);
  if (beginning === undefined) return contains(column, text);
  return sql<boolean>`(${column} >= ${beginning} and ${column} < ${beginning + LAST_CHARACTER})`;
}

/** The same for a folded name. */
export function hasName(name: string, text: string): boolean {
  return beginningOf(text) === undefined ? name.includes(foldText(text)) : name.startsWith(foldText(text));
}

/** Whether an index of the names in their order finds the text. */
export const isBeginning = (text: string): boolean => beginningOf(text) !== undefined;

/** Returns a query for the sensors with this text in their names; undefined: no index can find them. */
export function sensorsNamed(db: Database, text: string): AnyQuery | undefined {
  const groups = groupsOf(text);
  if (groups.length === 0) return undefined;
  const sensors: AnyQuery =
    dialectOf(db) === "postgres"
      ? db.selectFrom("sensorListing")
      : db
          .selectFrom(found("sensor_search", sql`rowid`, groups).as("found"))
          .crossJoin("sensorListing")
          .whereRef("sensorListing.number", "=", "found.key" as never);
  return sensors
    .select("sensorListing.sensorId as candidateId")
    .where(contains(sql<string>`sensor_listing.hostname_key`, text));
}

/** The same for assets. */
export function assetsNamed(db: Database, text: string): AnyQuery | undefined {
  const groups = groupsOf(text);
  if (groups.length === 0)
    return db
      .selectFrom("asset")
      .select("asset.id as candidateId")
      .where(isNamed(sql<string>`asset.name_key`, text));
  const assets: AnyQuery =
    dialectOf(db) === "postgres"
      ? db.selectFrom("asset")
      : db
          .selectFrom(found("asset_search", sql`asset_id`, groups).as("found"))
          .crossJoin("asset")
          .whereRef("asset.id", "=", "found.key" as never);
  return assets.select("asset.id as candidateId").where(contains(sql<string>`asset.name_key`, text));
}

/** Returns a query for the audit events with this text. */
export function eventsWithText(db: Database, text: string): AnyQuery | undefined {
  const groups = groupsOf(text);
  if (groups.length === 0) return undefined;
  const events: AnyQuery =
    dialectOf(db) === "postgres"
      ? db.selectFrom("auditText")
      : db
          .selectFrom(found("audit_search", sql`rowid`, groups).as("found"))
          .crossJoin("auditText")
          .whereRef("auditText.sequence", "=", "found.key" as never);
  return events.select("auditText.sequence").where(contains(sql<string>`audit_text.words`, text));
}

function found(table: string, key: unknown, groups: readonly string[]) {
  const wanted = groups.map((group) => `"${group.replaceAll('"', '""')}"`).join(" AND ");
  return sql<{
    key: string | number;
  }>`(select ${key} as key from ${sql.table(table)} where ${sql.table(table)} match ${wanted})`;
}

/** Returns groups that contain each character of the text once, or the last ones twice. */
function groupsOf(text: string): string[] {
  const characters = [...foldText(text)];
  const starts = Array.from({ length: Math.floor(characters.length / GROUP) }, (_, index) => index * GROUP);
  if (characters.length > GROUP && characters.length % GROUP > 0) starts.push(characters.length - GROUP);
  const groups = starts.map((start) => characters.slice(start, start + GROUP).join(""));
  return [...new Set(groups)].slice(-MOST_GROUPS);
}

const TRIGRAM_INDEXES = [
  { index: "sensor_listing_search", table: "sensor_listing", column: "hostname_key" },
  { index: "asset_search", table: "asset", column: "name_key" },
  { index: "audit_text_search", table: "audit_text", column: "words" },
];

/**
 * Creates the indexes on PostgreSQL where they are missing. Its extension pg_trgm is part of PostgreSQL, and
 * the owner of a database may create it. Returns why it cannot be created; undefined: the indexes exist.
 * Without them, a search reads all names.
 */
export async function createSearchIndexes(db: Database): Promise<string | undefined> {
  if (dialectOf(db) === "sqlite") return undefined;
  try {
    await db.transaction().execute(async (tx) => {
      await lockMigrations(tx);
      if ((await findExtension(tx)) === undefined) await sql`create extension pg_trgm`.execute(tx);
      const schema = sql.id((await findExtension(tx))!);
      for (const { index, table, column } of TRIGRAM_INDEXES)
        await sql`create index if not exists ${sql.id(index)} on ${sql.id(table)}
          using gin (${sql.id(column)} ${schema}.gin_trgm_ops)`.execute(tx);
    });
    return undefined;
  } catch (error) {
    // Not installed on the machine of PostgreSQL, or not permitted.
    if (/^(0A000|42501|58P01)$/.test(errnoCode(error) ?? "")) return (error as Error).message;
    throw error;
  }
}

/** Returns the schema of the extension. */
async function findExtension(db: Database): Promise<string | undefined> {
  const { rows } = await sql<{ schema: string }>`
    select extnamespace::regnamespace::text as schema from pg_extension where extname = 'pg_trgm'`.execute(
    db,
  );
  return rows[0]?.schema;
}
