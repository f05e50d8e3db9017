// Counts the changes of each sensor. A server remembers sensors, and the statement that spends a nonce
// compares the count, so an outdated memory admits nothing. A trigger counts, so that no change can be left
// out.
import { sql } from "kysely";
import type { Dialect, Migration } from "./migration.ts";

const TRIGGER: Record<Dialect, string[]> = {
  sqlite: [
    `create trigger sensor_revision after update on sensor when new.revision = old.revision
      begin update sensor set revision = old.revision + 1 where id = new.id; end`,
  ],
  postgres: [
    `create function sensor_revision() returns trigger language plpgsql
      as $$ begin new.revision := old.revision + 1; return new; end $$`,
    `create trigger sensor_revision before update on sensor
      for each row execute function sensor_revision()`,
  ],
};

export const sensorRevision: Migration = {
  async up(db, dialect) {
    await sql.raw("alter table sensor add column revision bigint not null default 0").execute(db);
    for (const statement of TRIGGER[dialect]) await sql.raw(statement).execute(db);
  },
};
