// What lists of sensors filter and sort by, in one narrow table, and the number of sensors in each part of
// it. Triggers write both in the transaction of the change, so that neither depends on which code changed a
// row.
// A check-in changes nothing here unless the sensor was silent.
import { type AddedRows, inOrder, onlyOn, statements, triggers } from "./migration.ts";

/** The cell of a row of `sensor` that is not silent. */
const seenCell = (prefix: string) => `
    case ${prefix}standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case ${prefix}platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2`;

const tables = statements(`
-- A token with an asset group that some of its sensors are in; empty: in no group.
create table token_group (
  id {numbered},
  enrollment_token_id {text} not null references enrollment_token (id),
  asset_group_id {text} not null,
  constraint token_group_key unique (enrollment_token_id, asset_group_id)
);
create index token_group_group on token_group (asset_group_id);

-- A row for each sensor that is not deleted. Without foreign keys, because only triggers write it.
create table sensor_listing (
  number {numbered},
  sensor_id {text} not null unique,
  token_group_id bigint not null,
  standing {text} not null,
  platform {text} not null,
  hostname_key {text} not null,
  enrolled_at bigint not null,
  version {text} not null,
  silent_since bigint,
  cell integer generated always as (
    ${seenCell("")} + case when silent_since is null then 0 else 1 end) {computed}
);

-- Changes of the numbers. SQLite has one row for each key; PostgreSQL appends, and a job adds the rows up, so
-- that no transaction waits for another. Group 0 with a version counts all groups.
create table sensor_count (
  token_group_id bigint not null,
  cell integer not null,
  version {text} not null,
  sensors bigint not null
);

-- A check-in changes neither of them, and the index of check-ins has all: so a list reads sensors in the order
-- of their check-ins, and counts those that became silent, without any other table.
alter table sensor_presence add column is_silent integer not null default 0;
-- The cell of the sensor if it were not silent; null: it is deleted.
alter table sensor_presence add column cell integer;
alter table sensor_presence add column token_group_id bigint;
`);

const CHANGED = ["standing", "platform", "hostname_key", "version", "asset_id", "enrollment_token_id"];

const tokenGroupOf = (row: string) => `(
  select token_group.id from asset join token_group
    on token_group.enrollment_token_id = ${row}.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')
  where asset.id = ${row}.asset_id)`;

/** Returns the statement that adds the pairs of sensors' tokens and their assets' groups that are new. */
const addTokenGroups = (row: string, from: string, distinct = "") => `
  insert into token_group (enrollment_token_id, asset_group_id)
  select ${distinct} ${row}.enrollment_token_id, coalesce(asset.asset_group_id, '')
  ${from}
  where asset.id = ${row}.asset_id and not exists (
    select 1 from token_group where token_group.enrollment_token_id = ${row}.enrollment_token_id
      and token_group.asset_group_id = coalesce(asset.asset_group_id, ''))
  on conflict do nothing`;

const listing = triggers([
  {
    name: "sensor_listing_add",
    after: "insert on sensor",
    run: ({ row, from, distinct }) => [
      addTokenGroups(row, from("asset"), distinct),
      `insert into sensor_listing
        (sensor_id, token_group_id, standing, platform, hostname_key, enrolled_at, version)
        select ${row}.id, ${tokenGroupOf(row)}, ${row}.standing, ${row}.platform, ${row}.hostname_key,
          ${row}.enrolled_at, ${row}.version
        ${from()} where ${row}.standing <> 'deleted'`,
    ],
  },
  {
    name: "sensor_listing_change",
    after: "update on sensor",
    when: CHANGED.map((column) => `old.${column} is distinct from new.${column}`).join(" or "),
    run: [
      addTokenGroups("new", "from asset"),
      // The presence first, like a check-in: two transactions that lock both rows never wait for each other.
      `update sensor_presence set cell = changed.cell, token_group_id = changed.token_group_id
        from (select case when new.standing <> 'deleted' then ${seenCell("new.")} end as cell,
          ${tokenGroupOf("new")} as token_group_id) as changed
        where sensor_id = new.id and (sensor_presence.cell is distinct from changed.cell
          or sensor_presence.token_group_id is distinct from changed.token_group_id)`,
      // In a subquery, so that PostgreSQL does not plan it again for each row that stays.
      "delete from sensor_listing where sensor_id = (select new.id where new.standing = 'deleted')",
      `update sensor_listing set token_group_id = ${tokenGroupOf("new")}, standing = new.standing,
        platform = new.platform, hostname_key = new.hostname_key, version = new.version
        where sensor_id = new.id`,
    ],
  },
  {
    name: "sensor_listing_regroup",
    after: "update of asset_group_id on asset",
    when: "old.asset_group_id is distinct from new.asset_group_id",
    run: [
      `insert into token_group (enrollment_token_id, asset_group_id)
        select distinct sensor.enrollment_token_id, coalesce(new.asset_group_id, '') from sensor
        where sensor.asset_id = new.id
        on conflict do nothing`,
      ...["sensor_presence", "sensor_listing"].map(
        (table) => `update ${table} set token_group_id = (
          select token_group.id from sensor join token_group
            on token_group.enrollment_token_id = sensor.enrollment_token_id
            and token_group.asset_group_id = coalesce(new.asset_group_id, '')
          where sensor.id = ${table}.sensor_id)
        where sensor_id in (select id from sensor where asset_id = new.id)`,
      ),
    ],
  },
  {
    name: "sensor_presence_add",
    after: "insert on sensor_presence",
    when: "new.cell is null",
    run: [
      `update sensor_presence set cell = sensor_listing.cell - sensor_listing.cell % 2,
          token_group_id = sensor_listing.token_group_id
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
  insert into sensor_count (token_group_id, cell, version, sensors)
    values (${row}.token_group_id, ${row}.cell, '', ${added}), (0, ${row}.cell, ${row}.version, ${added})
    ${addTo(dialect)}`;

const addTo = (dialect: "sqlite" | "postgres") =>
  dialect === "sqlite" ? "on conflict do update set sensors = sensors + excluded.sensors" : "";

const countAdded = ({ from }: AddedRows) => [
  `insert into sensor_count (token_group_id, cell, version, sensors)
    select token_group_id, cell, '', count(*) ${from()} group by token_group_id, cell`,
  `insert into sensor_count (token_group_id, cell, version, sensors)
    select 0, cell, version, count(*) ${from()} group by cell, version`,
];

const counts = (dialect: "sqlite" | "postgres") =>
  onlyOn(
    dialect,
    inOrder(
      statements(
        `create ${dialect === "sqlite" ? "unique" : ""} index sensor_count_key on sensor_count (token_group_id, cell, version);`,
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
          when: ["token_group_id", "cell", "version"]
            .map((name) => `old.${name} <> new.${name}`)
            .join(" or "),
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
insert into sensor_listing
  (sensor_id, token_group_id, standing, platform, hostname_key, enrolled_at, version)
  select sensor.id, token_group.id, sensor.standing, sensor.platform, sensor.hostname_key, sensor.enrolled_at,
    sensor.version
  from sensor join asset on asset.id = sensor.asset_id
  join token_group on token_group.enrollment_token_id = sensor.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')
  where sensor.deleted_at is null
  order by sensor.id;
update sensor_presence set cell = sensor_listing.cell, token_group_id = sensor_listing.token_group_id
  from sensor_listing where sensor_listing.sensor_id = sensor_presence.sensor_id;
`);

const existingAssets = onlyOn(
  "sqlite",
  statements("insert into asset_search (name_key, asset_id) select name_key, id from asset;"),
);

/** Each order of a list twice: within a cell of all sensors, and within a cell of a token and group. */
const indexes = statements(`
create index sensor_listing_hostname on sensor_listing (cell, hostname_key, sensor_id);
create index sensor_listing_enrolled on sensor_listing (cell, enrolled_at, sensor_id);
create index sensor_listing_silent on sensor_listing (cell, silent_since, sensor_id) where silent_since is not null;
create index sensor_listing_group_hostname on sensor_listing (token_group_id, cell, hostname_key, sensor_id);
create index sensor_listing_group_enrolled on sensor_listing (token_group_id, cell, enrolled_at, sensor_id);
create index sensor_listing_group_silent
  on sensor_listing (token_group_id, cell, silent_since, sensor_id) where silent_since is not null;

drop index sensor_listed_enrolled;
drop index sensor_standing_enrolled;
drop index sensor_standing_hostname;
drop index sensor_platform;
drop index sensor_presence_seen;
create index sensor_presence_seen
  on sensor_presence (is_silent, last_seen_at, sensor_id, cell, token_group_id);
`);

export const sensorListings = inOrder(
  tables,
  listing,
  counts("sqlite"),
  counts("postgres"),
  search,
  existing,
  existingAssets,
  indexes,
);
