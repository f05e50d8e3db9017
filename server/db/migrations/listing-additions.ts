// Adds new sensors to the lists. SQLite does so for each row. PostgreSQL does so for all rows of a statement,
// and looks for the class of each kind of them once.
import { addClasses, addTokenGroups, classOf, INDEXED_TAGS, isPairOf, seenCell } from "./listing-classes.ts";
import { inOrder, onlyOn, triggers } from "./migration.ts";

/** The columns of a class. */
const KIND = "token_group_id, cell, version, os, architecture, tags";

/** Returns subqueries, which add new classes. The last one has the class of each kind of the rows. */
const classesOf = (rows: string) => `
  known as materialized (
    select kind.*, (
      select min(sensor_class.id) from sensor_class
      where sensor_class.retired_at is null and sensor_class.token_group_id = kind.token_group_id
        and sensor_class.cell = kind.cell and sensor_class.version = kind.version
        and sensor_class.os = kind.os and sensor_class.architecture = kind.architecture
        and substr(sensor_class.tags, 1, ${INDEXED_TAGS}) = substr(kind.tags, 1, ${INDEXED_TAGS})
        and sensor_class.tags = kind.tags) as id
    from (select distinct ${KIND} from ${rows}) as kind),
  new_class as (
    insert into sensor_class (${KIND}) select ${KIND} from known where id is null
    returning ${KIND}, id),
  class as materialized (
    select ${KIND}, id from known where id is not null union all select ${KIND}, id from new_class)`;

/**
 * Returns the statement for PostgreSQL that adds sensors to the lists, with their new classes. `rows` is a
 * table of rows of `sensor`.
 */
const addListings = (rows: string) => `
  with one as materialized (
    select ${rows}.id, ${rows}.standing, ${rows}.platform, ${rows}.hostname_key, ${rows}.enrolled_at,
      token_group.id as token_group_id, ${seenCell(`${rows}.`)} as cell, ${rows}.version,
      lower(${rows}.os_name || ' ' || ${rows}.os_version) as os, ${rows}.architecture, asset.tags
    from ${rows} cross join asset cross join token_group
    where asset.id = ${rows}.asset_id and ${isPairOf(rows)} and ${rows}.standing <> 'deleted'),
  ${classesOf("one")}
  insert into sensor_listing (sensor_id, class_id, standing, platform, hostname_key, enrolled_at)
  select one.id, class.id, one.standing, one.platform, one.hostname_key, one.enrolled_at
  from one join class using (${KIND})`;

export const listingAdditions = inOrder(
  onlyOn(
    "sqlite",
    triggers([
      {
        name: "sensor_listing_add",
        after: "insert on sensor",
        run: [
          addTokenGroups("new", "from asset"),
          addClasses("new", "from asset cross join token_group"),
          `insert into sensor_listing (sensor_id, class_id, standing, platform, hostname_key, enrolled_at)
            select new.id, ${classOf("new")}, new.standing, new.platform, new.hostname_key, new.enrolled_at
            where new.standing <> 'deleted'`,
        ],
      },
    ]),
  ),
  onlyOn(
    "postgres",
    triggers([
      {
        name: "sensor_listing_add",
        after: "insert on sensor",
        // No other transaction sees an asset that this one added.
        locks:
          "asset where id in (select asset_id from added) and xmin <> pg_current_xact_id()::xid order by id",
        run: () => [addTokenGroups("added", "from added cross join asset", "distinct"), addListings("added")],
      },
    ]),
  ),
);
