// Enrollment tokens with their rollouts, and assets.
import { statements } from "./migration.ts";

export const tokensAndAssets = statements(`
create table enrollment_token (
  id {text} primary key,
  name {text} not null,
  name_key {text} not null,
  value_hash {text} not null unique,
  hint {text} not null,
  asset_group_id {text} references asset_group (id),
  expires_at bigint,
  created_at bigint not null,
  created_by {text} not null references "user" (id),
  revoked_at bigint,
  revoked_by {text} references "user" (id),
  deleted_at bigint,
  description {text} not null default '',
  max_enrollments integer,
  allowed_networks {text} not null default '[]',
  allowed_hostnames {text} not null default '[]',
  tags {text} not null default '[]',
  require_approval integer not null default 0,
  ephemeral_hours integer,
  paused_at bigint,
  cloned_hosts {text} not null default 'approval',
  reimaged_hosts {text} not null default 'ask',
  paused_by {text} references "user" (id),
  rotated_from {text} references enrollment_token (id),
  refused_attempts bigint not null default 0,
  uses bigint not null default 0,
  last_used_at bigint,
  re_enroll_lost {text} not null default 'new-pin'
);
create index enrollment_token_created on enrollment_token (created_at, id);
create index enrollment_token_group on enrollment_token (asset_group_id);
create unique index enrollment_token_name on enrollment_token (name_key) where deleted_at is null;
create index enrollment_token_rotated on enrollment_token (rotated_from);
create index enrollment_token_valid
  on enrollment_token (asset_group_id, expires_at) where deleted_at is null and revoked_at is null;

-- Apart from the token, because a list of 10,000 hosts is long.
create table token_rollout (
  enrollment_token_id {text} not null primary key references enrollment_token (id),
  expected {text} not null
);

create table asset (
  id {text} primary key,
  name {text} not null,
  name_key {text} not null,
  type {text} not null,
  category {text} not null,
  asset_group_id {text} references asset_group (id),
  created_at bigint not null,
  tags {text} not null default '[]',
  merged_into {text} references asset (id)
) {keyed};
create index asset_created on asset (created_at, id);
-- A list also reads the last column, and no row.
create index asset_name on asset (name_key, id, merged_into);

-- Rows that are written with a new asset or sensor have no foreign key to it: one transaction writes both, and
-- neither is ever deleted. Nor have they one to the token, which is locked then, and is never deleted either.
-- PostgreSQL took a fourth of an enrollment to check these keys.
create table asset_identifier (
  asset_id {text} not null,
  type {text} not null,
  value {text} not null,
  constraint asset_identifier_key primary key (asset_id, type, value)
) {keyed};
-- No query looks for the values of the other types, which each host has.
create index asset_identifier_value on asset_identifier (type, value) where type not in ('hostname', 'machine-id');
`);
