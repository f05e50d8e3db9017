// Inventory in little space: chunks in compressed packs, lists of chunks as differences from a base, and rows
// that refer to both by number. The history contains only former contents: the present ones are in
// inventory_state.
import { sql } from "kysely";
import { convertInventory } from "./convert-inventory.ts";
import { type Dialect, type Migration, statements } from "./migration.ts";

// PostgreSQL aligns numbers: those of eight bytes come first, so that rows have no gaps.
const create = statements(`
alter table inventory_chunk rename to old_chunk;
alter table inventory_manifest rename to old_manifest;
alter table inventory_scope rename to old_scope;
alter table sensor_inventory rename to old_sensor_inventory;
alter table inventory_history rename to old_history;
create index old_scope_hash on old_scope (hash);
alter table old_manifest add column manifest_id bigint;
alter table old_chunk add column pack_id bigint;

create table inventory_scope (
  id {numbered},
  asset_group_id {text} not null unique
);

create table inventory_pack (
  id bigint primary key,
  scope_id integer not null,
  depth integer not null,
  categories {text} not null,
  names {bytes} not null,
  chunks {bytes} not null,
  base {bytes} not null,
  content {bytes} not null
);

-- The next free id of a pack. A server reserves many at a time.
create table inventory_pack_number (
  id integer primary key,
  next bigint not null
);
insert into inventory_pack_number (id, next) values (1, 1);

-- Of a few chunks of each pack.
create table inventory_pack_key (
  pack_id bigint not null,
  key {bytes} primary key
) {keyed};

-- Only scopes other than that of the chunk's pack.
create table inventory_chunk_scope (
  chunk bigint not null,
  scope_id integer not null,
  name {bytes} not null,
  constraint inventory_chunk_scope_key primary key (scope_id, name)
) {keyed};

create table inventory_manifest (
  id {numbered},
  base_id bigint,
  scope_id integer not null,
  item_count integer not null,
  total_items integer,
  category {text} not null,
  root {bytes} not null,
  chunks {bytes} not null,
  gaps {text},
  constraint inventory_manifest_root unique (root, scope_id, category)
);
create index inventory_manifest_base on inventory_manifest (category, id) where base_id is null;

-- The categories of a sensor in one row: a report writes one, not eleven. It has no foreign key, because the
-- transaction that writes it has locked the sensor, and a sensor is never deleted.
create table inventory_state (
  -- When a report first completed the inventory.
  completed_at bigint,
  sensor_id {text} primary key,
  -- By category, an array of the columns of sensor_inventory, in its order, without nulls at the end. In
  -- place of changed_at, the time from then to reported_at, which is short.
  states {text} not null
) {keyed};

create table inventory_history (
  sensor_id {text} not null references sensor (id),
  category {text} not null,
  reported_at bigint not null,
  manifest_id bigint not null,
  collected_at bigint not null,
  constraint inventory_history_report primary key (sensor_id, category, reported_at)
) {keyed};
`);

/** A row for each category that a sensor has reported. */
const view: Record<Dialect, string> = {
  sqlite: `create view sensor_inventory as
    select sensor_id, key as category, value ->> 0 as status, value ->> 1 as reason, value ->> 2 as manifest_id,
      value ->> 3 as reported_at, (value ->> 3) - (value ->> 4) as changed_at, value ->> 5 as duration_ms
    from inventory_state, json_each(states)`,
  postgres: `create view sensor_inventory as
    select sensor_id, key collate "C" as category, (value ->> 0) collate "C" as status,
      (value ->> 1) collate "C" as reason, (value ->> 2)::bigint as manifest_id,
      (value ->> 3)::bigint as reported_at, (value ->> 3)::bigint - (value ->> 4)::bigint as changed_at,
      (value ->> 5)::bigint as duration_ms
    from inventory_state, json_each(states::json)`,
};

// A sensor changes twice after its enrollment. With free space in its page, the first change needs no new
// entries in the indexes.
const leaveSpace = statements(`
alter table sensor set (fillfactor = 60);
`);

const drop = statements(`
drop table old_chunk;
drop table old_manifest;
drop table old_scope;
drop table old_sensor_inventory;
drop table old_history;
`);

export const inventoryStorage: Migration = {
  async up(db, dialect) {
    await create.up(db, dialect);
    await sql.raw(view[dialect]).execute(db);
    await convertInventory(db);
    await drop.up(db, dialect);
    if (dialect === "postgres") await leaveSpace.up(db, dialect);
  },
};
