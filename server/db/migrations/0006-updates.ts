// Update rings, what each of them does with a release, and the update of each sensor.
import { statements } from "./migration.ts";

export const updates = statements(`
create table update_ring (
  id {text} primary key,
  name {text} not null,
  name_key {text} not null unique,
  position integer not null,
  is_last integer not null default 0,
  days {text} not null,
  hours {text} not null,
  time_zone {text} not null,
  canaries integer not null,
  stop_after integer not null,
  soak_minutes integer not null,
  version {text},
  mandatory integer not null,
  paused_at bigint,
  paused_by {text} references "user" (id),
  changed_at bigint not null
);
-- The ring of all sensors that are in no other ring.
insert into update_ring
  (id, name, name_key, position, is_last, days, hours, time_zone,
    canaries, stop_after, soak_minutes, mandatory, changed_at)
  values ('rng_01980000-0000-7000-8000-000000000000', 'Everything else', 'everything else', 1000000, 1,
    '["mon","tue","wed","thu","fri","sat","sun"]', '00:00-24:00', 'UTC', 2, 3, 60, 0, 0);

create table update_ring_group (
  asset_group_id {text} primary key references asset_group (id),
  ring_id {text} not null references update_ring (id)
);
create index update_ring_group_ring on update_ring_group (ring_id);

create table update_run (
  ring_id {text} not null references update_ring (id),
  version {text} not null,
  counter bigint not null,
  attempt integer not null,
  started_at bigint not null,
  canaries_done_at bigint,
  stopped_at bigint,
  changed_at bigint not null,
  constraint update_run_key primary key (ring_id, version)
);

create table sensor_update (
  sensor_id {text} primary key references sensor (id),
  method {text} not null,
  target {text} not null,
  version {text},
  attempt integer,
  state {text} not null,
  reason {text},
  since bigint not null,
  ring_id {text},
  is_canary integer not null default 0,
  offered_at bigint
);
-- The failures of a ring, and its canaries.
create index sensor_update_ring on sensor_update (ring_id, version, state, attempt) where ring_id is not null;
create index sensor_update_canary on sensor_update (ring_id, version, state, attempt, offered_at) where is_canary = 1;
create index sensor_update_state on sensor_update (state, sensor_id);

create table known_release (
  version {text} primary key,
  counter bigint not null,
  created_at bigint not null,
  expires_at bigint not null,
  targets {text} not null,
  seen_at bigint not null
);

create table update_pace (
  id integer primary key,
  minute bigint not null,
  offers integer not null
);
insert into update_pace (id, minute, offers) values (1, 0, 0);

create index audit_event_update on audit_event (sequence) where entity_type = 'update-ring';
`);
