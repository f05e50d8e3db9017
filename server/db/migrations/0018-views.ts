// Saved views of lists.
import { statements } from "./migration.ts";

export const views = statements(`
create table saved_view (
  id {text} primary key,
  list {text} not null,
  name {text} not null,
  name_key {text} not null,
  search {text} not null,
  is_shared integer not null,
  created_at bigint not null,
  created_by {text} not null references "user" (id),
  updated_at bigint not null
);
create unique index saved_view_owner_name on saved_view (created_by, list, name_key);
create index saved_view_list on saved_view (list, is_shared);
`);
