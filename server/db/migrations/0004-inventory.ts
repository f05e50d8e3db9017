// Inventory by content: what each sensor reports now and reported before, and which groups uploaded it.
import { statements } from "./migration.ts";

export const inventory = statements(`
create table inventory_chunk (
  hash {text} primary key,
  category {text} not null,
  content {text} not null,
  item_count integer not null,
  created_at bigint not null,
  size_bytes integer not null default -1,
  bucket integer not null default -1
);

create table inventory_manifest (
  root {text} not null,
  category {text} not null,
  chunks {text} not null,
  item_count integer not null,
  created_at bigint not null,
  constraint inventory_manifest_key primary key (category, root)
);

create table inventory_scope (
  asset_group_id {text} not null,
  hash {text} not null,
  constraint inventory_scope_key primary key (asset_group_id, hash)
) {keyed};

create table sensor_inventory (
  sensor_id {text} not null references sensor (id),
  category {text} not null,
  status {text} not null,
  reason {text},
  root {text},
  changed_at bigint,
  constraint sensor_inventory_key primary key (sensor_id, category)
);

create table inventory_history (
  sensor_id {text} not null references sensor (id),
  category {text} not null,
  reported_at bigint not null,
  root {text} not null,
  collected_at bigint not null default 0,
  constraint inventory_history_key primary key (sensor_id, category, reported_at)
);
`);
