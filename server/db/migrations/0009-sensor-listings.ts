// What lists of sensors filter and sort by, in one narrow table, and the number of sensors in each part of
// it. Triggers write both in the transaction of the change, so that neither depends on which code changed a
// row.
// A check-in changes nothing here unless the sensor was silent.
import { listingAdditions } from "./listing-additions.ts";
import { listingChanges } from "./listing-changes.ts";
import { addClasses, classOf, INDEXED_TAGS, seenCell } from "./listing-classes.ts";
import { type AddedRows, inOrder, onlyOn, statements, triggers } from "./migration.ts";

const tables = statements(`
-- A token with an asset group that some of its sensors are in; empty: in no group.
create table token_group (
  id {numbered},
  enrollment_token_id {text} not null references enrollment_token (id),
  asset_group_id {text} not null,
  constraint token_group_key unique (enrollment_token_id, asset_group_id)
);
create index token_group_group on token_group (asset_group_id);

-- The sensors that a list cannot tell apart, except by name and time. Two rows may have the same values: each
-- transaction looks for a row, and adds one if it sees none.
create table sensor_class (
  id {numbered},
  token_group_id bigint not null,
  -- Of a sensor that is not silent.
  cell integer not null,
  version {text} not null,
  os {text} not null,
  architecture {text} not null,
  tags {text} not null,
  -- No more sensors are added to it, and a job deletes it when it has none.
  retired_at bigint
);
create index sensor_class_key on sensor_class
  (token_group_id, cell, version, os, architecture, substr(tags, 1, ${INDEXED_TAGS})) where retired_at is null;

-- A row for each sensor that is not deleted. Without foreign keys, because only triggers write it.
create table sensor_listing (
  {rowNumber}
  sensor_id {text} not null unique,
  class_id bigint not null,
  standing {text} not null,
  platform {text} not null,
  hostname_key {text} not null,
  enrolled_at bigint not null,
  silent_since bigint,
  cell integer generated always as (
    ${seenCell("")} + case when silent_since is null then 0 else 1 end) {computed}
);

-- Changes of the numbers. SQLite has one row for each key; PostgreSQL appends, and a job adds the rows up, so
-- that no transaction waits for another. Class 0 counts all classes.
create table sensor_count (
  class_id bigint not null,
  cell integer not null,
  sensors bigint not null
);

-- A check-in changes neither of them, and the index of check-ins has all: so a list reads sensors in the order
-- of their check-ins, and counts those that became silent, without any other table.
alter table sensor_presence add column is_silent integer not null default 0;
-- The cell of the sensor if it were not silent; null: it is deleted.
alter table sensor_presence add column cell integer;
alter table sensor_presence add column class_id bigint;
`);

const otherTriggers = triggers([
  {
    name: "sensor_listing_regroup",
    after: "update of asset_group_id, tags on asset",
    when: "old.asset_group_id is distinct from new.asset_group_id or old.tags <> new.tags",
    run: [
      `insert into token_group (enrollment_token_id, asset_group_id)
        select distinct sensor.enrollment_token_id, coalesce(new.asset_group_id, '') from sensor
        where sensor.asset_id = new.id
        on conflict do nothing`,
      `${addClasses("sensor", "from asset cross join sensor cross join token_group", "distinct")}
        and asset.id = new.id`,
      ...["sensor_presence", "sensor_listing"].map(
        (table) => `update ${table} set class_id = (
          select ${classOf("sensor")} from sensor where sensor.id = ${table}.sensor_id)
        where sensor_id in (select id from sensor where asset_id = new.id and standing <> 'deleted')`,
      ),
    ],
  },
  {
    name: "sensor_presence_add",
    after: "insert on sensor_presence",
    when: "new.cell is null",
    run: [
      `update sensor_presence set cell = sensor_listing.cell - sensor_listing.cell % 2,
          class_id = sensor_listing.class_id
        from sensor_listing
        where sensor_presence.sensor_id = new.sensor_id and sensor_listing.sensor_id = new.sensor_id`,
    ],
  },
  {
    name: "sensor_listing_silent",
    after: "insert on sensor_presence",
    when: "new.is_silent = 1",
    run: ["update sensor_listing set silent_since = new.last_seen_at where sensor_id = new.sensor_id"],
  },
  {
    // A sensor that is seen again is no longer silent.
    name: "sensor_presence_return",
    after: "update of last_seen_at on sensor_presence",
    when: "old.is_silent = 1 and new.is_silent = 1 and old.last_seen_at <> new.last_seen_at",
    run: ["update sensor_presence set is_silent = 0 where sensor_id = new.sensor_id"],
  },
  {
    name: "sensor_listing_seen",
    after: "update of is_silent on sensor_presence",
    when: "old.is_silent <> new.is_silent",
    run: [
      `update sensor_listing set silent_since = case when new.is_silent = 1 then new.last_seen_at end
        where sensor_id = new.sensor_id`,
    ],
  },
]);

/** Returns the statement that adds to the two numbers that a row of the list counts in. */
const count = (dialect: "sqlite" | "postgres", row: "old" | "new", added: 1 | -1) => `
  insert into sensor_count (class_id, cell, sensors)
    values (${row}.class_id, ${row}.cell, ${added}), (0, ${row}.cell, ${added})
    ${addTo(dialect)}`;

const addTo = (dialect: "sqlite" | "postgres") =>
  dialect === "sqlite" ? "on conflict do update set sensors = sensors + excluded.sensors" : "";

const countAdded = ({ from }: AddedRows) => [
  `insert into sensor_count (class_id, cell, sensors)
    select class_id, cell, count(*) ${from()} group by class_id, cell`,
  `insert into sensor_count (class_id, cell, sensors) select 0, cell, count(*) ${from()} group by cell`,
];

const counts = (dialect: "sqlite" | "postgres") =>
  onlyOn(
    dialect,
    inOrder(
      statements(
        `create ${dialect === "sqlite" ? "unique" : ""} index sensor_count_key on sensor_count (class_id, cell);`,
      ),
      triggers([
        {
          name: "sensor_count_add",
          after: "insert on sensor_listing",
          run: dialect === "sqlite" ? [count(dialect, "new", 1)] : countAdded,
        },
        {
          name: "sensor_count_remove",
          after: "delete on sensor_listing",
          run: [count(dialect, "old", -1)],
        },
        {
          name: "sensor_count_move",
          after: "update on sensor_listing",
          when: "old.class_id <> new.class_id or old.cell <> new.cell",
          run: [count(dialect, "old", -1), count(dialect, "new", 1)],
        },
      ]),
    ),
  );

/** PostgreSQL searches names with an index of pg_trgm, which the server creates where it may. */
const search = onlyOn(
  "sqlite",
  inOrder(
    statements(`
create virtual table sensor_search using fts5
  (hostname_key, content='', contentless_delete=1, tokenize='trigram case_sensitive 1', detail='none');
create virtual table asset_search using fts5
  (name_key, asset_id unindexed, tokenize='trigram case_sensitive 1', detail='none', columnsize=0);
`),
    triggers([
      {
        name: "sensor_search_add",
        after: "insert on sensor_listing",
        run: ["insert into sensor_search (rowid, hostname_key) values (new.number, new.hostname_key)"],
      },
      {
        name: "sensor_search_remove",
        after: "delete on sensor_listing",
        run: ["delete from sensor_search where rowid = old.number"],
      },
      {
        name: "sensor_search_rename",
        after: "update of hostname_key on sensor_listing",
        when: "old.hostname_key <> new.hostname_key",
        run: ["update sensor_search set hostname_key = new.hostname_key where rowid = new.number"],
      },
      {
        name: "asset_search_add",
        after: "insert on asset",
        run: ["insert into asset_search (name_key, asset_id) values (new.name_key, new.id)"],
      },
    ]),
  ),
);

const existing = statements(`
insert into token_group (enrollment_token_id, asset_group_id)
  select distinct sensor.enrollment_token_id, coalesce(asset.asset_group_id, '')
  from sensor join asset on asset.id = sensor.asset_id
  where true on conflict do nothing;
${addClasses("sensor", "from asset cross join sensor cross join token_group", "distinct")};
insert into sensor_listing (sensor_id, class_id, standing, platform, hostname_key, enrolled_at)
  select sensor.id, ${classOf("sensor")}, sensor.standing, sensor.platform, sensor.hostname_key, sensor.enrolled_at
  from sensor where sensor.deleted_at is null
  order by sensor.id;
update sensor_presence set cell = sensor_listing.cell, class_id = sensor_listing.class_id
  from sensor_listing where sensor_listing.sensor_id = sensor_presence.sensor_id;
`);

const existingAssets = onlyOn(
  "sqlite",
  statements("insert into asset_search (name_key, asset_id) select name_key, id from asset;"),
);

/** Each order of a list twice: within a cell of all sensors, and within a cell of a class. */
const indexes = statements(`
create index sensor_listing_hostname on sensor_listing (cell, hostname_key, sensor_id);
create index sensor_listing_enrolled on sensor_listing (cell, enrolled_at, sensor_id);
create index sensor_listing_silent on sensor_listing (cell, silent_since, sensor_id) where silent_since is not null;
create index sensor_listing_class_hostname on sensor_listing (class_id, cell, hostname_key, sensor_id);
create index sensor_listing_class_enrolled on sensor_listing (class_id, cell, enrolled_at, sensor_id);
create index sensor_listing_class_silent
  on sensor_listing (class_id, cell, silent_since, sensor_id) where silent_since is not null;

drop index sensor_presence_seen;
create index sensor_presence_seen
  on sensor_presence (is_silent, last_seen_at, sensor_id, cell, class_id);
`);

export const sensorListings = inOrder(
  tables,
  listingAdditions,
  listingChanges,
  otherTriggers,
  counts("sqlite"),
  counts("postgres"),
  search,
  existing,
  existingAssets,
  indexes,
);
