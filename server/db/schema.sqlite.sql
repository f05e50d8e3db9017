-- Made by schema.test.ts from the migrations; delete the file and run the test to create it again.
CREATE TABLE account (
  id text primary key,
  account_id text not null,
  provider_id text not null,
  user_id text not null references "user" (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at bigint,
  refresh_token_expires_at bigint,
  scope text,
  password text,
  created_at bigint not null,
  updated_at bigint not null,
  constraint account_provider unique (provider_id, account_id)
);
CREATE INDEX account_user on account (user_id);
CREATE TABLE api_key (
  id text primary key,
  name text not null,
  name_key text not null,
  value_hash text not null unique,
  hint text not null,
  role text not null,
  created_at bigint not null,
  created_by text not null references "user" (id),
  expires_at bigint not null,
  revoked_at bigint,
  revoked_by text references "user" (id),
  last_used_at bigint,
  last_used_address text
);
CREATE INDEX api_key_created on api_key (created_at, id);
CREATE TRIGGER asset_search_add after insert on asset  begin insert into asset_search (name_key, asset_id) values (new.name_key, new.id); end;
CREATE TRIGGER asset_tag_add after insert on asset when (new.tags <> '[]') begin insert into asset_tag (tag, asset_id)
              select distinct tag.value, new.id from json_each(new.tags) as tag where new.tags <> '[]'; end;
CREATE TRIGGER asset_tag_change after update of tags on asset when (old.tags <> new.tags) begin delete from asset_tag where asset_id = new.id
              and tag in (select tag.value from json_each(old.tags) as tag);
insert into asset_tag (tag, asset_id)
              select distinct tag.value, new.id from json_each(new.tags) as tag; end;
CREATE TRIGGER sensor_listing_regroup after update of asset_group_id, tags on asset when (old.asset_group_id is distinct from new.asset_group_id or old.tags <> new.tags) begin insert into token_group (enrollment_token_id, asset_group_id)
        select distinct sensor.enrollment_token_id, coalesce(new.asset_group_id, '') from sensor
        where sensor.asset_id = new.id
        on conflict do nothing;
insert into sensor_class (token_group_id, cell, version, os, architecture, tags)
  select distinct token_group.id, 
    case sensor.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case sensor.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2, sensor.version,
    lower(sensor.os_name || ' ' || sensor.os_version), sensor.architecture, asset.tags
  from asset cross join sensor cross join token_group
  where asset.id = sensor.asset_id and token_group.enrollment_token_id = sensor.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '') and sensor.standing <> 'deleted'
    and (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = sensor.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = sensor.asset_id)
    and sensor_class.cell = 
    case sensor.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case sensor.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = sensor.version
    and sensor_class.os = lower(sensor.os_name || ' ' || sensor.os_version)
    and sensor_class.architecture = sensor.architecture) is null
        and asset.id = new.id;
update sensor_presence set class_id = (
          select (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = sensor.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = sensor.asset_id)
    and sensor_class.cell = 
    case sensor.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case sensor.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = sensor.version
    and sensor_class.os = lower(sensor.os_name || ' ' || sensor.os_version)
    and sensor_class.architecture = sensor.architecture) from sensor where sensor.id = sensor_presence.sensor_id)
        where sensor_id in (select id from sensor where asset_id = new.id and standing <> 'deleted');
update sensor_listing set class_id = (
          select (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = sensor.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = sensor.asset_id)
    and sensor_class.cell = 
    case sensor.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case sensor.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = sensor.version
    and sensor_class.os = lower(sensor.os_name || ' ' || sensor.os_version)
    and sensor_class.architecture = sensor.architecture) from sensor where sensor.id = sensor_listing.sensor_id)
        where sensor_id in (select id from sensor where asset_id = new.id and standing <> 'deleted'); end;
CREATE TABLE asset (
  id text primary key,
  name text not null,
  name_key text not null,
  type text not null,
  category text not null,
  asset_group_id text references asset_group (id),
  created_at bigint not null,
  tags text not null default '[]',
  merged_into text references asset (id)
, type_source text not null default 'derived', type_facts text not null default '{}') without rowid;
CREATE INDEX asset_created on asset (created_at, id);
CREATE INDEX asset_member_created on asset (asset_group_id, type, created_at, id) where asset_group_id is not null;
CREATE INDEX asset_member_name on asset (asset_group_id, type, name_key, id, merged_into)
  where asset_group_id is not null;
CREATE INDEX asset_name on asset (name_key, id, merged_into);
CREATE INDEX asset_type_created on asset (type, created_at, id);
CREATE INDEX asset_type_name on asset (type, name_key, id, merged_into);
CREATE TABLE asset_group (
  id text primary key,
  name text not null,
  name_key text not null,
  created_at bigint not null,
  created_by text not null references "user" (id),
  deleted_at bigint,
  assets bigint not null default 0
);
CREATE UNIQUE INDEX asset_group_name on asset_group (name_key) where deleted_at is null;
CREATE TABLE asset_identifier (
  asset_id text not null,
  type text not null,
  value text not null,
  constraint asset_identifier_key primary key (asset_id, type, value)
) without rowid;
CREATE INDEX asset_identifier_value on asset_identifier (type, value) where type not in ('hostname', 'machine-id');
CREATE VIRTUAL TABLE asset_search using fts5
  (name_key, asset_id unindexed, tokenize='trigram case_sensitive 1', detail='none', columnsize=0);
CREATE TABLE 'asset_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'asset_search_content'(
  id INTEGER PRIMARY KEY,
  c0,
  c1
);
CREATE TABLE 'asset_search_data'(
  id INTEGER PRIMARY KEY,
  block BLOB
);
CREATE TABLE 'asset_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE asset_tag (
  tag text not null,
  asset_id text not null,
  constraint asset_tag_key primary key (tag, asset_id)
) without rowid;
CREATE TABLE audit_event (
  sequence integer primary key,
  id text not null,
  at bigint not null,
  actor_type text not null,
  actor_id text not null,
  actor_name text not null,
  action text not null,
  entity_type text not null,
  entity_id text not null,
  details text not null,
  previous_hash text not null,
  hash text not null,
  version integer not null default 1,
  address text,
  entity_name text
);
CREATE INDEX audit_event_action on audit_event (action, at, sequence) where actor_type <> 'enrollment-token';
CREATE INDEX audit_event_actor on audit_event (actor_id, at, sequence) where actor_type <> 'enrollment-token';
CREATE INDEX audit_event_actor_type on audit_event (actor_type, at, sequence) where actor_type <> 'enrollment-token';
CREATE INDEX audit_event_address on audit_event (address, at, sequence) where actor_type <> 'enrollment-token';
CREATE INDEX audit_event_at on audit_event (at, sequence);
CREATE INDEX audit_event_entity on audit_event (entity_id, at, sequence);
CREATE INDEX audit_event_type on audit_event (entity_type, at, sequence) where actor_type <> 'enrollment-token';
CREATE TABLE audit_head (
  id integer primary key,
  sequence bigint not null,
  hash text not null
);
CREATE VIRTUAL TABLE audit_search using fts5
  (words, content='', contentless_delete=1, tokenize='trigram case_sensitive 1', detail='none');
CREATE TABLE 'audit_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'audit_search_data'(
  id INTEGER PRIMARY KEY,
  block BLOB
);
CREATE TABLE 'audit_search_docsize'(
  id INTEGER PRIMARY KEY,
  sz BLOB,
  origin INTEGER
);
CREATE TABLE 'audit_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TRIGGER audit_search_add after insert on audit_text  begin insert into audit_search (rowid, words) values (new.sequence, new.words); end;
CREATE TABLE audit_text (
  sequence bigint primary key,
  words text not null
) without rowid;
CREATE TABLE authenticator_app (
  user_id text primary key references "user" (id) on delete cascade,
  sealed_secret text not null,
  created_at bigint not null,
  confirmed_at bigint,
  last_step bigint not null
);
CREATE TABLE certificate_authority (
  id text primary key,
  certificate text not null,
  cross_certificate text,
  sealed_key text not null,
  created_at bigint not null,
  retires_at bigint
);
CREATE TABLE enrollment_attempt (
  id text primary key,
  enrollment_token_id text not null,
  reference text not null,
  reason text,
  detail text,
  first_at bigint not null,
  at bigint not null,
  attempts integer not null,
  address text not null,
  hostname text not null,
  hostname_key text not null,
  public_key text not null,
  sensor_id text
) without rowid;
CREATE INDEX enrollment_attempt_at on enrollment_attempt (at, id);
CREATE INDEX enrollment_attempt_host on enrollment_attempt (enrollment_token_id, hostname_key);
CREATE UNIQUE INDEX enrollment_attempt_reference
  on enrollment_attempt (reference, enrollment_token_id) where reason is not null;
CREATE INDEX enrollment_attempt_refused on enrollment_attempt (at, id) where reason is not null;
CREATE INDEX enrollment_attempt_token on enrollment_attempt (enrollment_token_id, at, id);
CREATE INDEX enrollment_attempt_token_refused
  on enrollment_attempt (enrollment_token_id, at, id) where reason is not null;
CREATE TABLE enrollment_token (
  id text primary key,
  name text not null,
  name_key text not null,
  value_hash text not null unique,
  hint text not null,
  asset_group_id text references asset_group (id),
  expires_at bigint,
  created_at bigint not null,
  created_by text not null references "user" (id),
  revoked_at bigint,
  revoked_by text references "user" (id),
  deleted_at bigint,
  description text not null default '',
  max_enrollments integer,
  allowed_networks text not null default '[]',
  allowed_hostnames text not null default '[]',
  tags text not null default '[]',
  require_approval integer not null default 0,
  ephemeral_hours integer,
  paused_at bigint,
  cloned_hosts text not null default 'approval',
  reimaged_hosts text not null default 'ask',
  paused_by text references "user" (id),
  rotated_from text references enrollment_token (id),
  refused_attempts bigint not null default 0,
  uses bigint not null default 0,
  last_used_at bigint,
  re_enroll_lost text not null default 'new-pin'
);
CREATE INDEX enrollment_token_created on enrollment_token (created_at, id);
CREATE INDEX enrollment_token_group on enrollment_token (asset_group_id);
CREATE UNIQUE INDEX enrollment_token_name on enrollment_token (name_key) where deleted_at is null;
CREATE INDEX enrollment_token_rotated on enrollment_token (rotated_from);
CREATE INDEX enrollment_token_valid
  on enrollment_token (asset_group_id, expires_at) where deleted_at is null and revoked_at is null;
CREATE TABLE failed_attempt (
  kind text not null,
  subject text not null,
  attempts integer not null,
  ends_at bigint not null,
  primary key (kind, subject)
);
CREATE TABLE idempotency_key (
  key_hash text not null primary key,
  request_hash text not null,
  object_id text not null,
  created_at bigint not null
);
CREATE INDEX idempotency_key_created_at on idempotency_key (created_at);
CREATE TABLE inventory_chunk_scope (
  chunk bigint not null,
  scope_id integer not null,
  name blob not null,
  constraint inventory_chunk_scope_key primary key (scope_id, name)
) without rowid;
CREATE TABLE inventory_history (
  sensor_id text not null references sensor (id),
  category text not null,
  reported_at bigint not null,
  manifest_id bigint not null,
  collected_at bigint not null,
  constraint inventory_history_report primary key (sensor_id, category, reported_at)
) without rowid;
CREATE TABLE inventory_manifest (
  id integer primary key,
  base_id bigint,
  scope_id integer not null,
  item_count integer not null,
  total_items integer,
  category text not null,
  root blob not null,
  chunks blob not null,
  gaps text,
  constraint inventory_manifest_root unique (root, scope_id, category)
);
CREATE INDEX inventory_manifest_base on inventory_manifest (category, id) where base_id is null;
CREATE TABLE inventory_pack (
  id bigint primary key,
  scope_id integer not null,
  depth integer not null,
  categories text not null,
  names blob not null,
  chunks blob not null,
  base blob not null,
  content blob not null
);
CREATE TABLE inventory_pack_key (
  pack_id bigint not null,
  key blob primary key
) without rowid;
CREATE TABLE inventory_pack_number (
  id integer primary key,
  next bigint not null
);
CREATE TABLE inventory_scope (
  id integer primary key,
  asset_group_id text not null unique
);
CREATE TRIGGER inventory_state_complete after update on inventory_state when new.completed_at is not old.completed_at
    begin update sensor set revision = revision + 1, reported_at = coalesce(reported_at, new.completed_at) where id = new.sensor_id; end;
CREATE TRIGGER inventory_state_delete after delete on inventory_state
    begin update sensor set revision = revision + 1 where id = old.sensor_id; end;
CREATE TRIGGER inventory_state_insert after insert on inventory_state
    begin update sensor set revision = revision + 1, reported_at = coalesce(reported_at, new.completed_at) where id = new.sensor_id; end;
CREATE TRIGGER inventory_state_update after update on inventory_state when new.completed_at is old.completed_at
    begin update sensor set revision = revision + 1 where id = new.sensor_id; end;
CREATE TABLE inventory_state (
  -- When a report first completed the inventory.
  completed_at bigint,
  sensor_id text primary key,
  -- By category, an array of the columns of sensor_inventory, in its order, without nulls at the end. In
  -- place of changed_at, the time from then to reported_at, which is short.
  states text not null
) without rowid;
CREATE TABLE known_key (
  public_key text primary key,
  sensor_id text not null,
  state text not null,
  origin text not null,
  replaced_at bigint
);
CREATE INDEX known_key_sensor on known_key (sensor_id) where state <> 'present';
CREATE TABLE known_release (
  version text primary key,
  counter bigint not null,
  created_at bigint not null,
  expires_at bigint not null,
  targets text not null,
  seen_at bigint not null
);
CREATE TABLE one_time_link (
  id text primary key,
  user_id text not null references "user" (id),
  purpose text not null,
  value_hash text not null unique,
  created_at bigint not null,
  created_by text references "user" (id),
  expires_at bigint not null,
  used_at bigint,
  withdrawn_at bigint
);
CREATE INDEX one_time_link_expires on one_time_link (expires_at);
CREATE INDEX one_time_link_user on one_time_link (user_id, created_at);
CREATE TABLE passkey (
  id text primary key,
  user_id text not null references "user" (id) on delete cascade,
  name text not null,
  credential_id text not null unique,
  public_key text not null,
  counter bigint not null,
  transports text not null,
  created_at bigint not null,
  last_used_at bigint
);
CREATE INDEX passkey_user on passkey (user_id);
CREATE TABLE re_enroll_ticket (
  id text primary key,
  sensor_id text not null references sensor (id),
  value_hash text not null unique,
  created_at bigint not null,
  created_by text not null references "user" (id),
  expires_at bigint not null,
  used_at bigint,
  public_key text
);
CREATE INDEX re_enroll_ticket_sensor on re_enroll_ticket (sensor_id);
CREATE INDEX re_enroll_ticket_used on re_enroll_ticket (used_at) where used_at is not null;
CREATE TABLE recovery_code (
  user_id text not null references "user" (id) on delete cascade,
  code_hash text not null,
  used_at bigint,
  primary key (user_id, code_hash)
);
CREATE TABLE saved_view (
  id text primary key,
  list text not null,
  name text not null,
  name_key text not null,
  search text not null,
  is_shared integer not null,
  created_at bigint not null,
  created_by text not null references "user" (id),
  updated_at bigint not null
);
CREATE INDEX saved_view_list on saved_view (list, is_shared);
CREATE UNIQUE INDEX saved_view_owner_name on saved_view (created_by, list, name_key);
CREATE TRIGGER sensor_listing_add after insert on sensor  begin insert into token_group (enrollment_token_id, asset_group_id)
  select  new.enrollment_token_id, coalesce(asset.asset_group_id, '')
  from asset
  where asset.id = new.asset_id and not exists (
    select 1 from token_group where token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, ''))
  on conflict do nothing;
insert into sensor_class (token_group_id, cell, version, os, architecture, tags)
  select  token_group.id, 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2, new.version,
    lower(new.os_name || ' ' || new.os_version), new.architecture, asset.tags
  from asset cross join token_group
  where asset.id = new.asset_id and token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '') and new.standing <> 'deleted'
    and (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = new.asset_id)
    and sensor_class.cell = 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = new.version
    and sensor_class.os = lower(new.os_name || ' ' || new.os_version)
    and sensor_class.architecture = new.architecture) is null;
insert into sensor_listing (sensor_id, class_id, standing, platform, hostname_key, enrolled_at)
            select new.id, (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = new.asset_id)
    and sensor_class.cell = 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = new.version
    and sensor_class.os = lower(new.os_name || ' ' || new.os_version)
    and sensor_class.architecture = new.architecture), new.standing, new.platform, new.hostname_key, new.enrolled_at
            where new.standing <> 'deleted'; end;
CREATE TRIGGER sensor_listing_change after update on sensor when (old.standing is distinct from new.standing or old.platform is distinct from new.platform or old.hostname_key is distinct from new.hostname_key or old.version is distinct from new.version or old.asset_id is distinct from new.asset_id or old.enrollment_token_id is distinct from new.enrollment_token_id or old.os_name is distinct from new.os_name or old.os_version is distinct from new.os_version or old.architecture is distinct from new.architecture) begin insert into token_group (enrollment_token_id, asset_group_id)
  select  new.enrollment_token_id, coalesce(asset.asset_group_id, '')
  from asset
  where asset.id = new.asset_id and not exists (
    select 1 from token_group where token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, ''))
  on conflict do nothing;
insert into sensor_class (token_group_id, cell, version, os, architecture, tags)
  select  token_group.id, 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2, new.version,
    lower(new.os_name || ' ' || new.os_version), new.architecture, asset.tags
  from asset cross join token_group
  where asset.id = new.asset_id and token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '') and new.standing <> 'deleted'
    and (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = new.asset_id)
    and sensor_class.cell = 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = new.version
    and sensor_class.os = lower(new.os_name || ' ' || new.os_version)
    and sensor_class.architecture = new.architecture) is null;
update sensor_presence set cell = changed.cell, class_id = changed.class_id
    from (select case when new.standing <> 'deleted' then 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2 end as cell,
      case when new.standing <> 'deleted' then (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = new.asset_id)
    and sensor_class.cell = 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = new.version
    and sensor_class.os = lower(new.os_name || ' ' || new.os_version)
    and sensor_class.architecture = new.architecture) end as class_id) as changed
    where sensor_id = new.id and (sensor_presence.cell is distinct from changed.cell
      or sensor_presence.class_id is distinct from changed.class_id);
delete from sensor_listing where sensor_id = (select new.id where new.standing = 'deleted');
update sensor_listing set class_id = (
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, 100), sensor_class.tags) = (
      select (select token_group.id from token_group where token_group.enrollment_token_id = new.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')),
        substr(asset.tags, 1, 100), asset.tags
      from asset where asset.id = new.asset_id)
    and sensor_class.cell = 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2
    and sensor_class.version = new.version
    and sensor_class.os = lower(new.os_name || ' ' || new.os_version)
    and sensor_class.architecture = new.architecture), standing = new.standing,
    platform = new.platform, hostname_key = new.hostname_key
    where sensor_id = new.id; end;
CREATE TRIGGER sensor_revision after update on sensor when new.revision = old.revision
      begin update sensor set revision = old.revision + 1 where id = new.id; end;
CREATE TABLE sensor (
  id text primary key,
  -- Unique,
  because each is also a known_key.
  public_key text not null,
  enrollment_token_id text not null,
  asset_id text not null,
  hostname text not null,
  hostname_key text not null,
  platform text not null,
  os_name text not null,
  os_version text not null,
  architecture text not null,
  version text not null,
  enrolled_at bigint not null,
  reported_at bigint,
  deleted_at bigint,
  awaiting_approval integer not null default 0,
  approved_at bigint,
  blocked_at bigint,
  ephemeral_hours integer,
  uninstalled_at bigint,
  instance_id text,
  has_newcomers integer not null default 0,
  enrolled_host text not null default '{}',
  cloned_from text references sensor (id),
  next_public_key text,
  key_changed_at bigint not null default 0,
  removed_at bigint,
  replaced_by text references sensor (id),
  replaced_at bigint,
  replacement_decided_by text references "user" (id),
  approved_by text references "user" (id),
  blocked_by text references "user" (id),
  standing text generated always as (case
  when deleted_at is not null then 'deleted'
  when removed_at is not null then 'removed'
  when replaced_at is not null then 'replaced'
  when uninstalled_at is not null then 'uninstalled'
  when blocked_at is not null then 'blocked'
  when awaiting_approval = 1 then 'awaiting-approval'
  when reported_at is null then 'pending'
  else 'reporting' end) virtual,
  listed integer generated always as (
    case when deleted_at is null and removed_at is null and replaced_at is null
    then 1 else 0 end) virtual,
  admitted_hostname text not null default '',
  revision bigint not null default 0,
  "agreement_key" text
);
CREATE UNIQUE INDEX sensor_asset on sensor (asset_id, (case
  when deleted_at is null and uninstalled_at is null and removed_at is null and replaced_at is null then ''
  else id end));
CREATE INDEX sensor_cloned_from on sensor (cloned_from) where cloned_from is not null;
CREATE INDEX sensor_ephemeral
  on sensor (id, ephemeral_hours)
  where ephemeral_hours is not null and deleted_at is null and removed_at is null;
CREATE INDEX sensor_listed_hostname on sensor (listed, hostname_key, id);
CREATE UNIQUE INDEX sensor_next_public_key on sensor (next_public_key) where next_public_key is not null;
CREATE INDEX sensor_removed on sensor (removed_at) where removed_at is not null and deleted_at is null;
CREATE INDEX sensor_replaced_by on sensor (replaced_by) where replaced_by is not null;
CREATE INDEX sensor_token on sensor (enrollment_token_id, enrolled_at, id);
CREATE INDEX sensor_token_closed
  on sensor (enrollment_token_id, enrolled_at, id) where deleted_at is not null or blocked_at is not null;
CREATE TABLE sensor_address (
  address text not null,
  sensor_id text not null,
  cell integer,
  class_id bigint,
  constraint sensor_address_key primary key (address, sensor_id)
) without rowid;
CREATE TABLE sensor_class (
  id integer primary key,
  token_group_id bigint not null,
  -- Of a sensor that is not silent.
  cell integer not null,
  version text not null,
  os text not null,
  architecture text not null,
  tags text not null,
  -- No more sensors are added to it,
  and a job deletes it when it has none.
  retired_at bigint
);
CREATE INDEX sensor_class_key on sensor_class
  (token_group_id, cell, version, os, architecture, substr(tags, 1, 100)) where retired_at is null;
CREATE TABLE sensor_count (
  class_id bigint not null,
  cell integer not null,
  sensors bigint not null
);
CREATE UNIQUE INDEX sensor_count_key on sensor_count (class_id, cell);
CREATE TABLE sensor_instance (
  sensor_id text not null references sensor (id),
  instance_id text not null,
  state text not null,
  host text not null,
  address text not null,
  first_seen_at bigint not null,
  returned_at bigint,
  clone_sensor_id text references sensor (id),
  returns integer not null default 0,
  constraint sensor_instance_pk primary key (sensor_id, instance_id)
);
CREATE VIEW sensor_inventory as
    select sensor_id, key as category, value ->> 0 as status, value ->> 1 as reason, value ->> 2 as manifest_id,
      value ->> 3 as reported_at, (value ->> 3) - (value ->> 4) as changed_at, value ->> 5 as duration_ms
    from inventory_state, json_each(states);
CREATE TRIGGER sensor_count_add after insert on sensor_listing  begin insert into sensor_count (class_id, cell, sensors)
    values (new.class_id, new.cell, 1), (0, new.cell, 1)
    on conflict do update set sensors = sensors + excluded.sensors; end;
CREATE TRIGGER sensor_count_move after update on sensor_listing when (old.class_id <> new.class_id or old.cell <> new.cell) begin insert into sensor_count (class_id, cell, sensors)
    values (old.class_id, old.cell, -1), (0, old.cell, -1)
    on conflict do update set sensors = sensors + excluded.sensors;
insert into sensor_count (class_id, cell, sensors)
    values (new.class_id, new.cell, 1), (0, new.cell, 1)
    on conflict do update set sensors = sensors + excluded.sensors; end;
CREATE TRIGGER sensor_count_remove after delete on sensor_listing  begin insert into sensor_count (class_id, cell, sensors)
    values (old.class_id, old.cell, -1), (0, old.cell, -1)
    on conflict do update set sensors = sensors + excluded.sensors; end;
CREATE TRIGGER sensor_search_add after insert on sensor_listing  begin insert into sensor_search (rowid, hostname_key) values (new.number, new.hostname_key); end;
CREATE TRIGGER sensor_search_remove after delete on sensor_listing  begin delete from sensor_search where rowid = old.number; end;
CREATE TRIGGER sensor_search_rename after update of hostname_key on sensor_listing when (old.hostname_key <> new.hostname_key) begin update sensor_search set hostname_key = new.hostname_key where rowid = new.number; end;
CREATE TABLE sensor_listing (
  number integer primary key,
  sensor_id text not null unique,
  class_id bigint not null,
  standing text not null,
  platform text not null,
  hostname_key text not null,
  enrolled_at bigint not null,
  silent_since bigint,
  cell integer generated always as (
    
    case standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2 + case when silent_since is null then 0 else 1 end) virtual
);
CREATE INDEX sensor_listing_class_enrolled on sensor_listing (class_id, cell, enrolled_at, sensor_id);
CREATE INDEX sensor_listing_class_hostname on sensor_listing (class_id, cell, hostname_key, sensor_id);
CREATE INDEX sensor_listing_class_silent
  on sensor_listing (class_id, cell, silent_since, sensor_id) where silent_since is not null;
CREATE INDEX sensor_listing_enrolled on sensor_listing (cell, enrolled_at, sensor_id);
CREATE INDEX sensor_listing_hostname on sensor_listing (cell, hostname_key, sensor_id);
CREATE INDEX sensor_listing_silent on sensor_listing (cell, silent_since, sensor_id) where silent_since is not null;
CREATE TABLE sensor_match (
  sensor_id text not null references sensor (id),
  predecessor_id text not null references sensor (id),
  facts text not null,
  is_certain integer not null,
  decision text,
  decided_at bigint,
  decided_by text references "user" (id),
  former_asset_id text references asset (id),
  constraint sensor_match_key primary key (sensor_id, predecessor_id)
);
CREATE INDEX sensor_match_open on sensor_match (sensor_id, predecessor_id) where decision is null;
CREATE INDEX sensor_match_predecessor on sensor_match (predecessor_id);
CREATE TRIGGER sensor_address_add after insert on sensor_presence  begin insert into sensor_address (address, sensor_id, cell, class_id)
        select new.address, new.sensor_id,
          coalesce(new.cell, (select cell - cell % 2 from sensor_listing where sensor_id = new.sensor_id)),
          coalesce(new.class_id, (select class_id from sensor_listing where sensor_id = new.sensor_id)); end;
CREATE TRIGGER sensor_address_change after update of address on sensor_presence when (old.address <> new.address) begin update sensor_address set address = new.address
        where address = old.address and sensor_id = new.sensor_id; end;
CREATE TRIGGER sensor_address_class after update of cell, class_id on sensor_presence when (old.class_id is not null
      and (old.cell is distinct from new.cell or old.class_id is distinct from new.class_id)) begin update sensor_address set cell = new.cell, class_id = new.class_id
        where address = new.address and sensor_id = new.sensor_id; end;
CREATE TRIGGER sensor_listing_seen after update of is_silent on sensor_presence when (old.is_silent <> new.is_silent) begin update sensor_listing set silent_since = case when new.is_silent = 1 then new.last_seen_at end
        where sensor_id = new.sensor_id; end;
CREATE TRIGGER sensor_listing_silent after insert on sensor_presence when (new.is_silent = 1) begin update sensor_listing set silent_since = new.last_seen_at where sensor_id = new.sensor_id; end;
CREATE TRIGGER sensor_presence_add after insert on sensor_presence when (new.cell is null) begin update sensor_presence set cell = sensor_listing.cell - sensor_listing.cell % 2,
          class_id = sensor_listing.class_id
        from sensor_listing
        where sensor_presence.sensor_id = new.sensor_id and sensor_listing.sensor_id = new.sensor_id; end;
CREATE TRIGGER sensor_presence_return after update of last_seen_at on sensor_presence when (old.is_silent = 1 and new.is_silent = 1 and old.last_seen_at <> new.last_seen_at) begin update sensor_presence set is_silent = 0 where sensor_id = new.sensor_id; end;
CREATE TABLE sensor_presence (
  sensor_id text primary key,
  last_seen_at bigint not null,
  last_nonce bigint not null,
  address text not null
, is_silent integer not null default 0, cell integer, class_id bigint) without rowid;
CREATE INDEX sensor_presence_seen
  on sensor_presence (is_silent, last_seen_at, sensor_id, cell, class_id);
CREATE VIRTUAL TABLE sensor_search using fts5
  (hostname_key, content='', contentless_delete=1, tokenize='trigram case_sensitive 1', detail='none');
CREATE TABLE 'sensor_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'sensor_search_data'(
  id INTEGER PRIMARY KEY,
  block BLOB
);
CREATE TABLE 'sensor_search_docsize'(
  id INTEGER PRIMARY KEY,
  sz BLOB,
  origin INTEGER
);
CREATE TABLE 'sensor_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE sensor_update (
  sensor_id text primary key references sensor (id),
  method text not null,
  target text not null,
  version text,
  attempt integer,
  state text not null,
  reason text,
  since bigint not null,
  ring_id text,
  is_canary integer not null default 0,
  offered_at bigint
);
CREATE INDEX sensor_update_canary on sensor_update (ring_id, version, state, attempt, offered_at) where is_canary = 1;
CREATE INDEX sensor_update_ring on sensor_update (ring_id, version, state, attempt) where ring_id is not null;
CREATE INDEX sensor_update_state on sensor_update (state, sensor_id);
CREATE TABLE session (
  id text primary key,
  token text not null unique,
  user_id text not null references "user" (id) on delete cascade,
  expires_at bigint not null,
  ip_address text,
  user_agent text,
  created_at bigint not null,
  updated_at bigint not null,
  "confirmed_at" bigint,
  "last_used_at" bigint,
  "last_used_address" text
);
CREATE INDEX "session_user" on session (user_id);
CREATE TABLE setting (
  name text primary key,
  value text not null
);
CREATE TABLE sign_in_address (
  address text primary key,
  signed_in_at bigint not null
);
CREATE INDEX sign_in_address_at on sign_in_address (signed_in_at);
CREATE TABLE token_group (
  id integer primary key,
  enrollment_token_id text not null references enrollment_token (id),
  asset_group_id text not null,
  constraint token_group_key unique (enrollment_token_id, asset_group_id)
);
CREATE INDEX token_group_group on token_group (asset_group_id);
CREATE TABLE token_rollout (
  enrollment_token_id text not null primary key references enrollment_token (id),
  expected text not null
);
CREATE TABLE update_pace (
  id integer primary key,
  minute bigint not null,
  offers integer not null
);
CREATE TABLE update_ring (
  id text primary key,
  name text not null,
  name_key text not null unique,
  position integer not null,
  is_last integer not null default 0,
  days text not null,
  hours text not null,
  time_zone text not null,
  canaries integer not null,
  stop_after integer not null,
  soak_minutes integer not null,
  version text,
  mandatory integer not null,
  paused_at bigint,
  paused_by text references "user" (id),
  changed_at bigint not null
);
CREATE TABLE update_ring_group (
  asset_group_id text primary key references asset_group (id),
  ring_id text not null references update_ring (id)
);
CREATE INDEX update_ring_group_ring on update_ring_group (ring_id);
CREATE TABLE update_run (
  ring_id text not null references update_ring (id),
  version text not null,
  counter bigint not null,
  attempt integer not null,
  started_at bigint not null,
  canaries_done_at bigint,
  stopped_at bigint,
  changed_at bigint not null,
  constraint update_run_key primary key (ring_id, version)
);
CREATE TABLE "user" (
  id text primary key,
  name text not null,
  email text not null unique,
  email_verified integer not null default 0,
  image text,
  role text not null,
  status text not null,
  last_sign_in_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  name_key text not null default ''
);
CREATE TABLE verification (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
CREATE INDEX verification_identifier on verification (identifier);
