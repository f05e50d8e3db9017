// Users that a Super Admin manages: one-time links, the name for searches, and the row that changes of users
// lock.
import { sql } from "kysely";
import { nameKey } from "../../ids.ts";
import { type Migration, statements } from "./migration.ts";

const tables = statements(`
create table one_time_link (
  id {text} primary key,
  user_id {text} not null references "user" (id),
  purpose {text} not null,
  value_hash {text} not null unique,
  created_at bigint not null,
  created_by {text} references "user" (id),
  expires_at bigint not null,
  used_at bigint,
  withdrawn_at bigint
);
create index one_time_link_user on one_time_link (user_id, created_at);
create index one_time_link_expires on one_time_link (expires_at);
alter table "user" add column name_key {text} not null default '';
insert into setting (name, value) values ('user-changes', '');
`);

export const managedUsers: Migration = {
  async up(db, dialect) {
    await tables.up(db, dialect);
    const { rows } = await sql<{ id: string; name: string }>`select id, name from "user"`.execute(db);
    for (const { id, name } of rows)
      await sql`update "user" set name_key = ${nameKey(name)} where id = ${id}`.execute(db);
  },
};
