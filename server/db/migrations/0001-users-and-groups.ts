// Users with their sessions and API keys, asset groups, the audit chain, and settings and keys of the server.
import { statements } from "./migration.ts";

export const usersAndGroups = statements(`
create table "user" (
  id {text} primary key,
  name {text} not null,
  email {text} not null unique,
  email_verified integer not null default 0,
  image {text},
  role {text} not null,
  status {text} not null,
  last_sign_in_at bigint,
  created_at bigint not null,
  updated_at bigint not null
);

create table session (
  id {text} primary key,
  token {text} not null unique,
  user_id {text} not null references "user" (id) on delete cascade,
  expires_at bigint not null,
  ip_address {text},
  user_agent {text},
  created_at bigint not null,
  updated_at bigint not null
);
create index "session_user" on session (user_id);

create table account (
  id {text} primary key,
  account_id {text} not null,
  provider_id {text} not null,
  user_id {text} not null references "user" (id) on delete cascade,
  access_token {text},
  refresh_token {text},
  id_token {text},
  access_token_expires_at bigint,
  refresh_token_expires_at bigint,
  scope {text},
  password {text},
  created_at bigint not null,
  updated_at bigint not null,
  constraint account_provider unique (provider_id, account_id)
);
create index account_user on account (user_id);

create table verification (
  id {text} primary key,
  identifier {text} not null,
  value {text} not null,
  expires_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index verification_identifier on verification (identifier);

create table sign_in_address (
  address {text} primary key,
  signed_in_at bigint not null
);
create index sign_in_address_at on sign_in_address (signed_in_at);

create table api_key (
  id {text} primary key,
  name {text} not null,
  name_key {text} not null,
  value_hash {text} not null unique,
  hint {text} not null,
  role {text} not null,
  created_at bigint not null,
  created_by {text} not null references "user" (id),
  expires_at bigint not null,
  revoked_at bigint,
  revoked_by {text} references "user" (id),
  last_used_at bigint,
  last_used_address {text}
);
create index api_key_created on api_key (created_at, id);

create table setting (
  name {text} primary key,
  value {text} not null
);

create table idempotency_key (
  key_hash {text} not null primary key,
  request_hash {text} not null,
  object_id {text} not null,
  created_at bigint not null
);
create index idempotency_key_created_at on idempotency_key (created_at);

create table certificate_authority (
  id {text} primary key,
  certificate {text} not null,
  cross_certificate {text},
  sealed_key {text} not null,
  created_at bigint not null,
  retires_at bigint
);

create table audit_event (
  sequence {sequence} primary key,
  id {text} not null,
  at bigint not null,
  actor_type {text} not null,
  actor_id {text} not null,
  actor_name {text} not null,
  action {text} not null,
  entity_type {text} not null,
  entity_id {text} not null,
  details {text} not null,
  previous_hash {text} not null,
  hash {text} not null
);
create index audit_event_entity on audit_event (entity_id, sequence);

create table audit_head (
  id integer primary key,
  sequence bigint not null,
  hash {text} not null
);
insert into audit_head (id, sequence, hash) values (1, 0, '');

create table asset_group (
  id {text} primary key,
  name {text} not null,
  name_key {text} not null,
  created_at bigint not null,
  created_by {text} not null references "user" (id),
  deleted_at bigint,
  assets bigint not null default 0
);
-- A deleted group keeps its row for the tokens that refer to it, and frees its name.
create unique index asset_group_name on asset_group (name_key) where deleted_at is null;
`);
