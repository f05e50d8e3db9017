// Indexes for the filters and sorts of lists, columns for their counts, and foreign keys to users and tokens.
import { type Kysely, sql } from "kysely";
import type { Dialect, Migration } from "./migration.ts";

/**
 * A sensor's status without its presence (`reporting` is online or offline), in the order of `sensorStatus`.
 */
const STANDING = sql`case
  when deleted_at is not null then 'deleted'
  when removed_at is not null then 'removed'
  when replaced_at is not null then 'replaced'
  when uninstalled_at is not null then 'uninstalled'
  when blocked_at is not null then 'blocked'
  when awaiting_approval = 1 then 'awaiting-approval'
  when reported_at is null then 'pending'
  else 'reporting' end`;

const LISTED = sql`case when deleted_at is null and removed_at is null and replaced_at is null then 1 else 0 end`;

const REFERENCES = [
  { table: "enrollment_token", column: "paused_by", to: "user" },
  { table: "enrollment_token", column: "rotated_from", to: "enrollment_token" },
  { table: "sensor", column: "approved_by", to: "user" },
  { table: "sensor", column: "blocked_by", to: "user" },
];

const INDEXES = {
  // The order of the list of sensors: of all listed ones, and of one standing.
  sensor_listed_hostname: "sensor (listed, hostname_key, id)",
  sensor_listed_enrolled: "sensor (listed, enrolled_at, id)",
  sensor_standing_hostname: "sensor (standing, hostname_key, id)",
  sensor_standing_enrolled: "sensor (standing, enrolled_at, id)",
  sensor_presence_seen: "sensor_presence (last_seen_at, sensor_id)",
  // The filters of the list of sensors.
  sensor_platform: "sensor (platform)",
  // The sweeps of every minute.
  sensor_ephemeral: "sensor (listed, ephemeral_hours) where ephemeral_hours is not null",
  sensor_removed: "sensor (removed_at) where removed_at is not null",
  asset_member_name: "asset (asset_group_id, name_key, id)",
  asset_member_created: "asset (asset_group_id, created_at, id)",
  enrollment_attempt_refused: "enrollment_attempt (at, id) where reason is not null",
  enrollment_attempt_token_refused:
    "enrollment_attempt (enrollment_token_id, at, id) where reason is not null",
  enrollment_token_rotated: "enrollment_token (rotated_from)",
};

export const listIndexes: Migration = {
  async up(db, dialect) {
    for (const index of [
      "sensor_hostname",
      "sensor_enrolled",
      "asset_group_members",
      "enrollment_token_rotated",
    ])
      await db.schema.dropIndex(index).execute();
    for (const reference of REFERENCES) await addReference(db, dialect, reference);
    await addTicketReference(db, dialect);
    await addTokenColumns(db);
    const stored = sql.raw(dialect === "postgres" ? "stored" : "virtual");
    const text = sql.raw(dialect === "postgres" ? 'text collate "C"' : "text");
    await sql`alter table sensor add column standing ${text} generated always as (${STANDING}) ${stored}`.execute(
      db,
    );
    await sql`alter table sensor add column listed integer generated always as (${LISTED}) ${stored}`.execute(
      db,
    );
    for (const [name, on] of Object.entries(INDEXES))
      await sql.raw(`create index ${name} on ${on}`).execute(db);
  },
};

/** SQLite adds a foreign key only with a new column, which gets the values and the name of the old one. */
async function addReference(
  db: Kysely<unknown>,
  dialect: Dialect,
  { table, column, to }: (typeof REFERENCES)[number],
): Promise<void> {
  const [inTable, inColumn, toTable] = [sql.id(table), sql.id(column), sql.id(to)];
  const existing = sql`(select one.id from ${toTable} as one where one.id = ${inTable}.${inColumn})`;
  if (dialect === "postgres") {
    await sql`update ${inTable} set ${inColumn} = ${existing} where ${inColumn} is not null`.execute(db);
    await sql`alter table ${inTable} add foreign key (${inColumn}) references ${toTable} (id)`.execute(db);
    return;
  }
  const former = sql.id(`former_${column}`);
  await sql`alter table ${inTable} rename column ${inColumn} to ${former}`.execute(db);
  await sql`alter table ${inTable} add column ${inColumn} text references ${toTable} (id)`.execute(db);
  await sql`update ${inTable} set ${inColumn} =
    (select one.id from ${toTable} as one where one.id = ${inTable}.${former}) where ${former} is not null`.execute(
    db,
  );
  await sql`alter table ${inTable} drop column ${former}`.execute(db);
}

/** The column is not null, and nothing refers to the table, so the table is created again on SQLite. */
async function addTicketReference(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  await sql`delete from re_enroll_ticket where created_by not in (select id from "user")`.execute(db);
  if (dialect === "postgres") {
    await sql`alter table re_enroll_ticket add foreign key (created_by) references "user" (id)`.execute(db);
    return;
  }
  await db.schema.dropIndex("re_enroll_ticket_sensor").execute();
  await sql`alter table re_enroll_ticket rename to former_re_enroll_ticket`.execute(db);
  await sql`create table re_enroll_ticket (id text primary key, sensor_id text not null references sensor (id),
    value_hash text not null unique, created_at bigint not null, created_by text not null references "user" (id),
    expires_at bigint not null, used_at bigint, public_key text)`.execute(db);
  await sql`insert into re_enroll_ticket
    select id, sensor_id, value_hash, created_at, created_by, expires_at, used_at, public_key
    from former_re_enroll_ticket`.execute(db);
  await sql`drop table former_re_enroll_ticket`.execute(db);
  await sql`create index re_enroll_ticket_sensor on re_enroll_ticket (sensor_id)`.execute(db);
}

async function addTokenColumns(db: Kysely<unknown>): Promise<void> {
  await sql`alter table enrollment_token add column refused_attempts bigint default 0 not null`.execute(db);
  await sql`alter table enrollment_token add column last_used_at bigint`.execute(db);
  await sql`update enrollment_token set
    refused_attempts = (select coalesce(sum(attempts), 0) from enrollment_attempt
      where enrollment_token_id = enrollment_token.id and use_number is null),
    last_used_at = (select at from enrollment_attempt
      where enrollment_token_id = enrollment_token.id and use_number is not null
      order by use_number desc limit 1)`.execute(db);
}
