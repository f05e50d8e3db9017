// The use of sessions, the time of their last confirmation, and second factors: authenticator apps, recovery
// codes and passkeys, and the failed attempts with them.
import { inOrder, type Migration, statements } from "./migration.ts";

const sessionColumns: Migration = {
  async up(db) {
    await db.schema.alterTable("session").addColumn("confirmed_at", "bigint").execute();
    await db.schema.alterTable("session").addColumn("last_used_at", "bigint").execute();
    await db.schema.alterTable("session").addColumn("last_used_address", "text").execute();
  },
};

const secondFactors = statements(`
create table authenticator_app (
  user_id {text} primary key references "user" (id) on delete cascade,
  sealed_secret {text} not null,
  created_at bigint not null,
  confirmed_at bigint,
  last_step bigint not null
);

create table recovery_code (
  user_id {text} not null references "user" (id) on delete cascade,
  code_hash {text} not null,
  used_at bigint,
  primary key (user_id, code_hash)
);

create table passkey (
  id {text} primary key,
  user_id {text} not null references "user" (id) on delete cascade,
  name {text} not null,
  credential_id {text} not null unique,
  public_key {text} not null,
  counter bigint not null,
  transports {text} not null,
  created_at bigint not null,
  last_used_at bigint
);
create index passkey_user on passkey (user_id);

create table failed_attempt (
  kind {text} not null,
  subject {text} not null,
  attempts integer not null,
  ends_at bigint not null,
  primary key (kind, subject)
);
`);

export const account = inOrder(sessionColumns, secondFactors);
