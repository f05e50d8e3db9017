// Sensors with their keys and instances, possible duplicates, and every attempt to enroll.
import { statements } from "./migration.ts";

export const sensors = statements(`
create table sensor (
  id {text} primary key,
  -- Unique, because each is also a known_key.
  public_key {text} not null,
  enrollment_token_id {text} not null,
  asset_id {text} not null,
  hostname {text} not null,
  hostname_key {text} not null,
  platform {text} not null,
  os_name {text} not null,
  os_version {text} not null,
  architecture {text} not null,
  version {text} not null,
  enrolled_at bigint not null,
  reported_at bigint,
  deleted_at bigint,
  awaiting_approval integer not null default 0,
  approved_at bigint,
  blocked_at bigint,
  ephemeral_hours integer,
  uninstalled_at bigint,
  instance_id {text},
  has_newcomers integer not null default 0,
  enrolled_host {text} not null default '{}',
  cloned_from {text} references sensor (id),
  next_public_key {text},
  key_changed_at bigint not null default 0,
  removed_at bigint,
  replaced_by {text} references sensor (id),
  replaced_at bigint,
  replacement_decided_by {text} references "user" (id),
  approved_by {text} references "user" (id),
  blocked_by {text} references "user" (id),
  standing {text} generated always as (case
  when deleted_at is not null then 'deleted'
  when removed_at is not null then 'removed'
  when replaced_at is not null then 'replaced'
  when uninstalled_at is not null then 'uninstalled'
  when blocked_at is not null then 'blocked'
  when awaiting_approval = 1 then 'awaiting-approval'
  when reported_at is null then 'pending'
  else 'reporting' end) {computed},
  listed integer generated always as (
    case when deleted_at is null and removed_at is null and replaced_at is null
    then 1 else 0 end) {computed},
  admitted_hostname {text} not null default ''
);
-- An asset has at most one sensor that exists, and any number of former ones.
create unique index sensor_asset on sensor (asset_id, (case
  when deleted_at is null and uninstalled_at is null and removed_at is null and replaced_at is null then ''
  else id end));
create index sensor_cloned_from on sensor (cloned_from) where cloned_from is not null;
-- A sweep of every minute.
create index sensor_ephemeral
  on sensor (id, ephemeral_hours)
  where ephemeral_hours is not null and deleted_at is null and removed_at is null;
-- The order of the list of hosts with updates.
create index sensor_listed_hostname on sensor (listed, hostname_key, id);
create unique index sensor_next_public_key on sensor (next_public_key) where next_public_key is not null;
-- A sweep of every minute.
create index sensor_removed on sensor (removed_at) where removed_at is not null and deleted_at is null;
create index sensor_replaced_by on sensor (replaced_by) where replaced_by is not null;
-- The sensors of a token in the order of their enrollment. No later change of a sensor writes it.
create index sensor_token on sensor (enrollment_token_id, enrolled_at, id);
-- So that the others can be counted by the index above.
create index sensor_token_closed
  on sensor (enrollment_token_id, enrolled_at, id) where deleted_at is not null or blocked_at is not null;

create table sensor_presence (
  sensor_id {text} primary key,
  last_seen_at bigint not null,
  last_nonce bigint not null,
  address {text} not null
) {keyed};
create index sensor_presence_seen on sensor_presence (last_seen_at, sensor_id);

create table sensor_instance (
  sensor_id {text} not null references sensor (id),
  instance_id {text} not null,
  state {text} not null,
  host {text} not null,
  address {text} not null,
  first_seen_at bigint not null,
  returned_at bigint,
  clone_sensor_id {text} references sensor (id),
  returns integer not null default 0,
  constraint sensor_instance_pk primary key (sensor_id, instance_id)
);

create table sensor_match (
  sensor_id {text} not null references sensor (id),
  predecessor_id {text} not null references sensor (id),
  facts {text} not null,
  is_certain integer not null,
  decision {text},
  decided_at bigint,
  decided_by {text} references "user" (id),
  former_asset_id {text} references asset (id),
  constraint sensor_match_key primary key (sensor_id, predecessor_id)
);
create index sensor_match_open on sensor_match (sensor_id, predecessor_id) where decision is null;
create index sensor_match_predecessor on sensor_match (predecessor_id);

-- One row for every public key that is, was, or is announced as a sensor's key,
-- so that two sensors never share one.
create table known_key (
  public_key {text} primary key,
  sensor_id {text} not null,
  state {text} not null,
  origin {text} not null,
  replaced_at bigint
);
-- Few sensors have other keys than the present one.
create index known_key_sensor on known_key (sensor_id) where state <> 'present';

create table re_enroll_ticket (
  id {text} primary key,
  sensor_id {text} not null references sensor (id),
  value_hash {text} not null unique,
  created_at bigint not null,
  created_by {text} not null references "user" (id),
  expires_at bigint not null,
  used_at bigint,
  public_key {text}
);
create index re_enroll_ticket_sensor on re_enroll_ticket (sensor_id);

create table enrollment_attempt (
  id {text} primary key,
  enrollment_token_id {text} not null,
  reference {text} not null,
  reason {text},
  detail {text},
  first_at bigint not null,
  at bigint not null,
  attempts integer not null,
  address {text} not null,
  hostname {text} not null,
  hostname_key {text} not null,
  public_key {text} not null,
  sensor_id {text}
) {keyed};
-- A repeated refusal has the same reference.
create unique index enrollment_attempt_reference
  on enrollment_attempt (reference, enrollment_token_id) where reason is not null;
create index enrollment_attempt_at on enrollment_attempt (at, id);
create index enrollment_attempt_host on enrollment_attempt (enrollment_token_id, hostname_key);
create index enrollment_attempt_refused on enrollment_attempt (at, id) where reason is not null;
create index enrollment_attempt_token on enrollment_attempt (enrollment_token_id, at, id);
create index enrollment_attempt_token_refused
  on enrollment_attempt (enrollment_token_id, at, id) where reason is not null;
`);
