// What the numbers of sensors are shown with, in SQL.
import { sql } from "kysely";
import { isAmong } from "../db/dialect.ts";
import { type Place, statement } from "../db/statement.ts";

/** Returns the names of tokens by their ids. */
export const listTokens = statement((db, place: Place<{ ids: string }>) =>
  db
    .selectFrom("enrollmentToken")
    .select(["id", "name", "deletedAt"])
    .where(isAmong(db, "id", place("ids")))
    .compile(),
);

/** Returns the names of groups that are not deleted. */
export const listGroups = statement((db, place: Place<{ ids: string }>) =>
  db
    .selectFrom("assetGroup")
    .select(["id", "name"])
    .where(isAmong(db, "id", place("ids")))
    .where("deletedAt", "is", null)
    .compile(),
);

/** Returns all tags. Reads the first asset of each. */
export const listTags = statement((db) =>
  sql<{ tag: string }>`
    with recursive used(tag) as (
      select min(asset_tag.tag) from asset_tag
      union all
      select (select min(asset_tag.tag) from asset_tag where asset_tag.tag > used.tag) from used
      where used.tag is not null)
    select tag from used where tag is not null`.compile(db),
);
