-- Made by schema.test.ts from the migrations; delete the file and run the test to create it again.
"user" user_email_key UNIQUE (email);
"user" user_pkey PRIMARY KEY (id);
account.id text collate C not null;
account.account_id text collate C not null;
account.provider_id text collate C not null;
account.user_id text collate C not null;
account.access_token text collate C;
account.refresh_token text collate C;
account.id_token text collate C;
account.access_token_expires_at bigint;
account.refresh_token_expires_at bigint;
account.scope text collate C;
account.password text collate C;
account.created_at bigint not null;
account.updated_at bigint not null;
account account_pkey PRIMARY KEY (id);
account account_provider UNIQUE (provider_id, account_id);
account account_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
CREATE INDEX account_user ON public.account USING btree (user_id);
CREATE UNIQUE INDEX account_pkey ON public.account USING btree (id);
CREATE UNIQUE INDEX account_provider ON public.account USING btree (provider_id, account_id);
api_key.id text collate C not null;
api_key.name text collate C not null;
api_key.name_key text collate C not null;
api_key.value_hash text collate C not null;
api_key.hint text collate C not null;
api_key.role text collate C not null;
api_key.created_at bigint not null;
api_key.created_by text collate C not null;
api_key.expires_at bigint not null;
api_key.revoked_at bigint;
api_key.revoked_by text collate C;
api_key.last_used_at bigint;
api_key.last_used_address text collate C;
api_key api_key_created_by_fkey FOREIGN KEY (created_by) REFERENCES "user"(id);
api_key api_key_pkey PRIMARY KEY (id);
api_key api_key_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES "user"(id);
api_key api_key_value_hash_key UNIQUE (value_hash);
CREATE INDEX api_key_created ON public.api_key USING btree (created_at, id);
CREATE UNIQUE INDEX api_key_pkey ON public.api_key USING btree (id);
CREATE UNIQUE INDEX api_key_value_hash_key ON public.api_key USING btree (value_hash);
asset.id text collate C not null;
asset.name text collate C not null;
asset.name_key text collate C not null;
asset.type text collate C not null;
asset.category text collate C not null;
asset.asset_group_id text collate C;
asset.created_at bigint not null;
asset.tags text collate C not null default '[]'::text;
asset.merged_into text collate C;
asset.type_source text collate C not null default 'derived'::text;
asset.type_facts text collate C not null default '{}'::text;
asset asset_asset_group_id_fkey FOREIGN KEY (asset_group_id) REFERENCES asset_group(id);
asset asset_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES asset(id);
asset asset_pkey PRIMARY KEY (id);
CREATE INDEX asset_created ON public.asset USING btree (created_at, id);
CREATE INDEX asset_member_created ON public.asset USING btree (asset_group_id, type, created_at, id) WHERE (asset_group_id IS NOT NULL);
CREATE INDEX asset_member_name ON public.asset USING btree (asset_group_id, type, name_key, id, merged_into) WHERE (asset_group_id IS NOT NULL);
CREATE INDEX asset_name ON public.asset USING btree (name_key, id, merged_into);
CREATE INDEX asset_search ON public.asset USING gin (name_key gin_trgm_ops);
CREATE INDEX asset_type_created ON public.asset USING btree (type, created_at, id);
CREATE INDEX asset_type_name ON public.asset USING btree (type, name_key, id, merged_into);
CREATE UNIQUE INDEX asset_pkey ON public.asset USING btree (id);
CREATE TRIGGER asset_tag_add AFTER INSERT ON public.asset REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION asset_tag_add();
CREATE TRIGGER asset_tag_change AFTER UPDATE OF tags ON public.asset FOR EACH ROW WHEN ((old.tags <> new.tags)) EXECUTE FUNCTION asset_tag_change();
CREATE TRIGGER sensor_listing_regroup AFTER UPDATE OF asset_group_id, tags ON public.asset FOR EACH ROW WHEN (((old.asset_group_id IS DISTINCT FROM new.asset_group_id) OR (old.tags <> new.tags))) EXECUTE FUNCTION sensor_listing_regroup();
asset_group.id text collate C not null;
asset_group.name text collate C not null;
asset_group.name_key text collate C not null;
asset_group.created_at bigint not null;
asset_group.created_by text collate C not null;
asset_group.deleted_at bigint;
asset_group.assets bigint not null default 0;
asset_group asset_group_created_by_fkey FOREIGN KEY (created_by) REFERENCES "user"(id);
asset_group asset_group_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX asset_group_name ON public.asset_group USING btree (name_key) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX asset_group_pkey ON public.asset_group USING btree (id);
asset_identifier.asset_id text collate C not null;
asset_identifier.type text collate C not null;
asset_identifier.value text collate C not null;
asset_identifier asset_identifier_key PRIMARY KEY (asset_id, type, value);
CREATE INDEX asset_identifier_value ON public.asset_identifier USING btree (type, value) WHERE (type <> ALL (ARRAY['hostname'::text, 'machine-id'::text]));
CREATE UNIQUE INDEX asset_identifier_key ON public.asset_identifier USING btree (asset_id, type, value);
asset_tag.tag text collate C not null;
asset_tag.asset_id text collate C not null;
asset_tag asset_tag_key PRIMARY KEY (tag, asset_id);
CREATE UNIQUE INDEX asset_tag_key ON public.asset_tag USING btree (tag, asset_id);
audit_event.sequence bigint not null;
audit_event.id text collate C not null;
audit_event.at bigint not null;
audit_event.actor_type text collate C not null;
audit_event.actor_id text collate C not null;
audit_event.actor_name text collate C not null;
audit_event.action text collate C not null;
audit_event.entity_type text collate C not null;
audit_event.entity_id text collate C not null;
audit_event.details text collate C not null;
audit_event.previous_hash text collate C not null;
audit_event.hash text collate C not null;
audit_event.version integer not null default 1;
audit_event.address text collate C;
audit_event.entity_name text collate C;
audit_event audit_event_pkey PRIMARY KEY (sequence);
CREATE INDEX audit_event_action ON public.audit_event USING btree (action, at, sequence) WHERE (actor_type <> 'enrollment-token'::text);
CREATE INDEX audit_event_actor ON public.audit_event USING btree (actor_id, at, sequence) WHERE (actor_type <> 'enrollment-token'::text);
CREATE INDEX audit_event_actor_type ON public.audit_event USING btree (actor_type, at, sequence) WHERE (actor_type <> 'enrollment-token'::text);
CREATE INDEX audit_event_address ON public.audit_event USING btree (address, at, sequence) WHERE (actor_type <> 'enrollment-token'::text);
CREATE INDEX audit_event_at ON public.audit_event USING btree (at, sequence);
CREATE INDEX audit_event_entity ON public.audit_event USING btree (entity_id, at, sequence);
CREATE INDEX audit_event_type ON public.audit_event USING btree (entity_type, at, sequence) WHERE (actor_type <> 'enrollment-token'::text);
CREATE UNIQUE INDEX audit_event_pkey ON public.audit_event USING btree (sequence);
audit_head.id integer not null;
audit_head.sequence bigint not null;
audit_head.hash text collate C not null;
audit_head audit_head_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX audit_head_pkey ON public.audit_head USING btree (id);
audit_text.sequence bigint not null;
audit_text.words text collate C not null;
audit_text audit_text_pkey PRIMARY KEY (sequence);
CREATE INDEX audit_text_search ON public.audit_text USING gin (words gin_trgm_ops);
CREATE UNIQUE INDEX audit_text_pkey ON public.audit_text USING btree (sequence);
authenticator_app.user_id text collate C not null;
authenticator_app.sealed_secret text collate C not null;
authenticator_app.created_at bigint not null;
authenticator_app.confirmed_at bigint;
authenticator_app.last_step bigint not null;
authenticator_app authenticator_app_pkey PRIMARY KEY (user_id);
authenticator_app authenticator_app_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
CREATE UNIQUE INDEX authenticator_app_pkey ON public.authenticator_app USING btree (user_id);
certificate_authority.id text collate C not null;
certificate_authority.certificate text collate C not null;
certificate_authority.cross_certificate text collate C;
certificate_authority.sealed_key text collate C not null;
certificate_authority.created_at bigint not null;
certificate_authority.retires_at bigint;
certificate_authority certificate_authority_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX certificate_authority_pkey ON public.certificate_authority USING btree (id);
enrollment_attempt.id text collate C not null;
enrollment_attempt.enrollment_token_id text collate C not null;
enrollment_attempt.reference text collate C not null;
enrollment_attempt.reason text collate C;
enrollment_attempt.detail text collate C;
enrollment_attempt.first_at bigint not null;
enrollment_attempt.at bigint not null;
enrollment_attempt.attempts integer not null;
enrollment_attempt.address text collate C not null;
enrollment_attempt.hostname text collate C not null;
enrollment_attempt.hostname_key text collate C not null;
enrollment_attempt.public_key text collate C not null;
enrollment_attempt.sensor_id text collate C;
enrollment_attempt enrollment_attempt_pkey PRIMARY KEY (id);
CREATE INDEX enrollment_attempt_at ON public.enrollment_attempt USING btree (at, id);
CREATE INDEX enrollment_attempt_host ON public.enrollment_attempt USING btree (enrollment_token_id, hostname_key);
CREATE INDEX enrollment_attempt_refused ON public.enrollment_attempt USING btree (at, id) WHERE (reason IS NOT NULL);
CREATE INDEX enrollment_attempt_token ON public.enrollment_attempt USING btree (enrollment_token_id, at, id);
CREATE INDEX enrollment_attempt_token_refused ON public.enrollment_attempt USING btree (enrollment_token_id, at, id) WHERE (reason IS NOT NULL);
CREATE UNIQUE INDEX enrollment_attempt_pkey ON public.enrollment_attempt USING btree (id);
CREATE UNIQUE INDEX enrollment_attempt_reference ON public.enrollment_attempt USING btree (reference, enrollment_token_id) WHERE (reason IS NOT NULL);
enrollment_token.id text collate C not null;
enrollment_token.name text collate C not null;
enrollment_token.name_key text collate C not null;
enrollment_token.value_hash text collate C not null;
enrollment_token.hint text collate C not null;
enrollment_token.asset_group_id text collate C;
enrollment_token.expires_at bigint;
enrollment_token.created_at bigint not null;
enrollment_token.created_by text collate C not null;
enrollment_token.revoked_at bigint;
enrollment_token.revoked_by text collate C;
enrollment_token.deleted_at bigint;
enrollment_token.description text collate C not null default ''::text;
enrollment_token.max_enrollments integer;
enrollment_token.allowed_networks text collate C not null default '[]'::text;
enrollment_token.allowed_hostnames text collate C not null default '[]'::text;
enrollment_token.tags text collate C not null default '[]'::text;
enrollment_token.require_approval integer not null default 0;
enrollment_token.ephemeral_hours integer;
enrollment_token.paused_at bigint;
enrollment_token.cloned_hosts text collate C not null default 'approval'::text;
enrollment_token.reimaged_hosts text collate C not null default 'ask'::text;
enrollment_token.paused_by text collate C;
enrollment_token.rotated_from text collate C;
enrollment_token.refused_attempts bigint not null default 0;
enrollment_token.uses bigint not null default 0;
enrollment_token.last_used_at bigint;
enrollment_token.re_enroll_lost text collate C not null default 'new-pin'::text;
enrollment_token enrollment_token_asset_group_id_fkey FOREIGN KEY (asset_group_id) REFERENCES asset_group(id);
enrollment_token enrollment_token_created_by_fkey FOREIGN KEY (created_by) REFERENCES "user"(id);
enrollment_token enrollment_token_paused_by_fkey FOREIGN KEY (paused_by) REFERENCES "user"(id);
enrollment_token enrollment_token_pkey PRIMARY KEY (id);
enrollment_token enrollment_token_revoked_by_fkey FOREIGN KEY (revoked_by) REFERENCES "user"(id);
enrollment_token enrollment_token_rotated_from_fkey FOREIGN KEY (rotated_from) REFERENCES enrollment_token(id);
enrollment_token enrollment_token_value_hash_key UNIQUE (value_hash);
CREATE INDEX enrollment_token_created ON public.enrollment_token USING btree (created_at, id);
CREATE INDEX enrollment_token_group ON public.enrollment_token USING btree (asset_group_id);
CREATE INDEX enrollment_token_rotated ON public.enrollment_token USING btree (rotated_from);
CREATE INDEX enrollment_token_valid ON public.enrollment_token USING btree (asset_group_id, expires_at) WHERE ((deleted_at IS NULL) AND (revoked_at IS NULL));
CREATE UNIQUE INDEX enrollment_token_name ON public.enrollment_token USING btree (name_key) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX enrollment_token_pkey ON public.enrollment_token USING btree (id);
CREATE UNIQUE INDEX enrollment_token_value_hash_key ON public.enrollment_token USING btree (value_hash);
failed_attempt.kind text collate C not null;
failed_attempt.subject text collate C not null;
failed_attempt.attempts integer not null;
failed_attempt.ends_at bigint not null;
failed_attempt failed_attempt_pkey PRIMARY KEY (kind, subject);
CREATE UNIQUE INDEX failed_attempt_pkey ON public.failed_attempt USING btree (kind, subject);
CREATE OR REPLACE FUNCTION public.asset_tag_add()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  insert into asset_tag (tag, asset_id)
              select distinct tag.value, added.id from added cross join json_array_elements_text(added.tags::json) as tag where added.tags <> '[]'; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.asset_tag_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  delete from asset_tag where asset_id = new.id
              and tag in (select tag.value from json_array_elements_text(old.tags::json) as tag);
insert into asset_tag (tag, asset_id)
              select distinct tag.value, new.id from json_array_elements_text(new.tags::json) as tag; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.inventory_state_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$ begin
      update sensor set reported_at = coalesce(reported_at, changed.completed_at)
        from changed where id = changed.sensor_id;
      return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_address_add()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  insert into sensor_address (address, sensor_id, cell, class_id)
        select added.address, added.sensor_id,
          coalesce(added.cell, (select cell - cell % 2 from sensor_listing where sensor_id = added.sensor_id)),
          coalesce(added.class_id, (select class_id from sensor_listing where sensor_id = added.sensor_id))
        from added; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_address_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  update sensor_address set address = new.address
        where address = old.address and sensor_id = new.sensor_id; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_address_class()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  update sensor_address set cell = new.cell, class_id = new.class_id
        where address = new.address and sensor_id = new.sensor_id; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_count_add()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  insert into sensor_count (class_id, cell, sensors)
    select class_id, cell, count(*) from added group by class_id, cell;
insert into sensor_count (class_id, cell, sensors) select 0, cell, count(*) from added group by cell; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_count_move()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  insert into sensor_count (class_id, cell, sensors)
    values (old.class_id, old.cell, -1), (0, old.cell, -1);
insert into sensor_count (class_id, cell, sensors)
    values (new.class_id, new.cell, 1), (0, new.cell, 1); return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_count_remove()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  insert into sensor_count (class_id, cell, sensors)
    values (old.class_id, old.cell, -1), (0, old.cell, -1); return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_listing_add()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin perform 1 from asset where id in (select asset_id from added) and xmin <> pg_current_xact_id()::xid order by id for share; insert into token_group (enrollment_token_id, asset_group_id)
  select distinct added.enrollment_token_id, coalesce(asset.asset_group_id, '')
  from added cross join asset
  where asset.id = added.asset_id and not exists (
    select 1 from token_group where token_group.enrollment_token_id = added.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, ''))
  on conflict do nothing;
with one as materialized (
    select added.id, added.standing, added.platform, added.hostname_key, added.enrolled_at,
      token_group.id as token_group_id, 
    case added.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case added.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2 as cell, added.version,
      lower(added.os_name || ' ' || added.os_version) as os, added.architecture, asset.tags
    from added cross join asset cross join token_group
    where asset.id = added.asset_id and token_group.enrollment_token_id = added.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '') and added.standing <> 'deleted'),
  
  known as materialized (
    select kind.*, (
      select min(sensor_class.id) from sensor_class
      where sensor_class.retired_at is null and sensor_class.token_group_id = kind.token_group_id
        and sensor_class.cell = kind.cell and sensor_class.version = kind.version
        and sensor_class.os = kind.os and sensor_class.architecture = kind.architecture
        and substr(sensor_class.tags, 1, 100) = substr(kind.tags, 1, 100)
        and sensor_class.tags = kind.tags) as id
    from (select distinct token_group_id, cell, version, os, architecture, tags from one) as kind),
  new_class as (
    insert into sensor_class (token_group_id, cell, version, os, architecture, tags) select token_group_id, cell, version, os, architecture, tags from known where id is null
    returning token_group_id, cell, version, os, architecture, tags, id),
  class as materialized (
    select token_group_id, cell, version, os, architecture, tags, id from known where id is not null union all select token_group_id, cell, version, os, architecture, tags, id from new_class)
  insert into sensor_listing (sensor_id, class_id, standing, platform, hostname_key, enrolled_at)
  select one.id, class.id, one.standing, one.platform, one.hostname_key, one.enrolled_at
  from one join class using (token_group_id, cell, version, os, architecture, tags); return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_listing_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$ declare found_class bigint; begin perform 1 from asset where id = new.asset_id for share; found_class := (
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
    and sensor_class.architecture = new.architecture);
if found_class is null then
            
  insert into token_group (enrollment_token_id, asset_group_id)
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
            found_class := (
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
    and sensor_class.architecture = new.architecture);
          end if;
update sensor_presence set cell = changed.cell, class_id = changed.class_id
    from (select case when new.standing <> 'deleted' then 
    case new.standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case new.platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2 end as cell,
      case when new.standing <> 'deleted' then found_class end as class_id) as changed
    where sensor_id = new.id and (sensor_presence.cell is distinct from changed.cell
      or sensor_presence.class_id is distinct from changed.class_id);
delete from sensor_listing where sensor_id = (select new.id where new.standing = 'deleted');
update sensor_listing set class_id = found_class, standing = new.standing,
    platform = new.platform, hostname_key = new.hostname_key
    where sensor_id = new.id; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_listing_regroup()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  insert into token_group (enrollment_token_id, asset_group_id)
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
        where sensor_id in (select id from sensor where asset_id = new.id and standing <> 'deleted'); return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_listing_seen()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  update sensor_listing set silent_since = case when new.is_silent = 1 then new.last_seen_at end
        where sensor_id = new.sensor_id; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_listing_silent()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  update sensor_listing set silent_since = new.last_seen_at where sensor_id = new.sensor_id; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_presence_add()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  update sensor_presence set cell = sensor_listing.cell - sensor_listing.cell % 2,
          class_id = sensor_listing.class_id
        from sensor_listing
        where sensor_presence.sensor_id = new.sensor_id and sensor_listing.sensor_id = new.sensor_id; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_presence_return()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$  begin  update sensor_presence set is_silent = 0 where sensor_id = new.sensor_id; return null; end $function$
;
CREATE OR REPLACE FUNCTION public.sensor_revision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ begin new.revision := old.revision + 1; return new; end $function$
;
idempotency_key.key_hash text collate C not null;
idempotency_key.request_hash text collate C not null;
idempotency_key.object_id text collate C not null;
idempotency_key.created_at bigint not null;
idempotency_key idempotency_key_pkey PRIMARY KEY (key_hash);
CREATE INDEX idempotency_key_created_at ON public.idempotency_key USING btree (created_at);
CREATE UNIQUE INDEX idempotency_key_pkey ON public.idempotency_key USING btree (key_hash);
inventory_chunk_scope.chunk bigint not null;
inventory_chunk_scope.scope_id integer not null;
inventory_chunk_scope.name bytea not null;
inventory_chunk_scope inventory_chunk_scope_key PRIMARY KEY (scope_id, name);
CREATE UNIQUE INDEX inventory_chunk_scope_key ON public.inventory_chunk_scope USING btree (scope_id, name);
inventory_history.sensor_id text collate C not null;
inventory_history.category text collate C not null;
inventory_history.reported_at bigint not null;
inventory_history.manifest_id bigint not null;
inventory_history.collected_at bigint not null;
inventory_history inventory_history_report PRIMARY KEY (sensor_id, category, reported_at);
inventory_history inventory_history_sensor_id_fkey1 FOREIGN KEY (sensor_id) REFERENCES sensor(id);
CREATE UNIQUE INDEX inventory_history_report ON public.inventory_history USING btree (sensor_id, category, reported_at);
inventory_manifest.id bigint not null;
inventory_manifest.base_id bigint;
inventory_manifest.scope_id integer not null;
inventory_manifest.item_count integer not null;
inventory_manifest.total_items integer;
inventory_manifest.category text collate C not null;
inventory_manifest.root bytea not null;
inventory_manifest.chunks bytea not null;
inventory_manifest.gaps text collate C;
inventory_manifest inventory_manifest_pkey PRIMARY KEY (id);
inventory_manifest inventory_manifest_root UNIQUE (root, scope_id, category);
CREATE INDEX inventory_manifest_base ON public.inventory_manifest USING btree (category, id) WHERE (base_id IS NULL);
CREATE UNIQUE INDEX inventory_manifest_pkey ON public.inventory_manifest USING btree (id);
CREATE UNIQUE INDEX inventory_manifest_root ON public.inventory_manifest USING btree (root, scope_id, category);
inventory_pack.id bigint not null;
inventory_pack.scope_id integer not null;
inventory_pack.depth integer not null;
inventory_pack.categories text collate C not null;
inventory_pack.names bytea not null;
inventory_pack.chunks bytea not null;
inventory_pack.base bytea not null;
inventory_pack.content bytea not null;
inventory_pack inventory_pack_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX inventory_pack_pkey ON public.inventory_pack USING btree (id);
inventory_pack_key.pack_id bigint not null;
inventory_pack_key.key bytea not null;
inventory_pack_key inventory_pack_key_pkey PRIMARY KEY (key);
CREATE UNIQUE INDEX inventory_pack_key_pkey ON public.inventory_pack_key USING btree (key);
inventory_pack_number.id integer not null;
inventory_pack_number.next bigint not null;
inventory_pack_number inventory_pack_number_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX inventory_pack_number_pkey ON public.inventory_pack_number USING btree (id);
inventory_scope.id bigint not null;
inventory_scope.asset_group_id text collate C not null;
inventory_scope inventory_scope_asset_group_id_key UNIQUE (asset_group_id);
inventory_scope inventory_scope_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX inventory_scope_asset_group_id_key ON public.inventory_scope USING btree (asset_group_id);
CREATE UNIQUE INDEX inventory_scope_pkey ON public.inventory_scope USING btree (id);
inventory_state.completed_at bigint;
inventory_state.sensor_id text collate C not null;
inventory_state.states text collate C not null;
inventory_state inventory_state_pkey PRIMARY KEY (sensor_id);
CREATE UNIQUE INDEX inventory_state_pkey ON public.inventory_state USING btree (sensor_id);
CREATE TRIGGER inventory_state_delete AFTER DELETE ON public.inventory_state REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION inventory_state_changed();
CREATE TRIGGER inventory_state_insert AFTER INSERT ON public.inventory_state REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION inventory_state_changed();
CREATE TRIGGER inventory_state_update AFTER UPDATE ON public.inventory_state REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION inventory_state_changed();
known_key.public_key text collate C not null;
known_key.sensor_id text collate C not null;
known_key.state text collate C not null;
known_key.origin text collate C not null;
known_key.replaced_at bigint;
known_key known_key_pkey PRIMARY KEY (public_key);
CREATE INDEX known_key_sensor ON public.known_key USING btree (sensor_id) WHERE (state <> 'present'::text);
CREATE UNIQUE INDEX known_key_pkey ON public.known_key USING btree (public_key);
known_release.version text collate C not null;
known_release.counter bigint not null;
known_release.created_at bigint not null;
known_release.expires_at bigint not null;
known_release.targets text collate C not null;
known_release.seen_at bigint not null;
known_release known_release_pkey PRIMARY KEY (version);
CREATE UNIQUE INDEX known_release_pkey ON public.known_release USING btree (version);
one_time_link.id text collate C not null;
one_time_link.user_id text collate C not null;
one_time_link.purpose text collate C not null;
one_time_link.value_hash text collate C not null;
one_time_link.created_at bigint not null;
one_time_link.created_by text collate C;
one_time_link.expires_at bigint not null;
one_time_link.used_at bigint;
one_time_link.withdrawn_at bigint;
one_time_link one_time_link_created_by_fkey FOREIGN KEY (created_by) REFERENCES "user"(id);
one_time_link one_time_link_pkey PRIMARY KEY (id);
one_time_link one_time_link_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id);
one_time_link one_time_link_value_hash_key UNIQUE (value_hash);
CREATE INDEX one_time_link_expires ON public.one_time_link USING btree (expires_at);
CREATE INDEX one_time_link_user ON public.one_time_link USING btree (user_id, created_at);
CREATE UNIQUE INDEX one_time_link_pkey ON public.one_time_link USING btree (id);
CREATE UNIQUE INDEX one_time_link_value_hash_key ON public.one_time_link USING btree (value_hash);
passkey.id text collate C not null;
passkey.user_id text collate C not null;
passkey.name text collate C not null;
passkey.credential_id text collate C not null;
passkey.public_key text collate C not null;
passkey.counter bigint not null;
passkey.transports text collate C not null;
passkey.created_at bigint not null;
passkey.last_used_at bigint;
passkey passkey_credential_id_key UNIQUE (credential_id);
passkey passkey_pkey PRIMARY KEY (id);
passkey passkey_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
CREATE INDEX passkey_user ON public.passkey USING btree (user_id);
CREATE UNIQUE INDEX passkey_credential_id_key ON public.passkey USING btree (credential_id);
CREATE UNIQUE INDEX passkey_pkey ON public.passkey USING btree (id);
re_enroll_ticket.id text collate C not null;
re_enroll_ticket.sensor_id text collate C not null;
re_enroll_ticket.value_hash text collate C not null;
re_enroll_ticket.created_at bigint not null;
re_enroll_ticket.created_by text collate C not null;
re_enroll_ticket.expires_at bigint not null;
re_enroll_ticket.used_at bigint;
re_enroll_ticket.public_key text collate C;
re_enroll_ticket re_enroll_ticket_created_by_fkey FOREIGN KEY (created_by) REFERENCES "user"(id);
re_enroll_ticket re_enroll_ticket_pkey PRIMARY KEY (id);
re_enroll_ticket re_enroll_ticket_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensor(id);
re_enroll_ticket re_enroll_ticket_value_hash_key UNIQUE (value_hash);
CREATE INDEX re_enroll_ticket_sensor ON public.re_enroll_ticket USING btree (sensor_id);
CREATE INDEX re_enroll_ticket_used ON public.re_enroll_ticket USING btree (used_at) WHERE (used_at IS NOT NULL);
CREATE UNIQUE INDEX re_enroll_ticket_pkey ON public.re_enroll_ticket USING btree (id);
CREATE UNIQUE INDEX re_enroll_ticket_value_hash_key ON public.re_enroll_ticket USING btree (value_hash);
recovery_code.user_id text collate C not null;
recovery_code.code_hash text collate C not null;
recovery_code.used_at bigint;
recovery_code recovery_code_pkey PRIMARY KEY (user_id, code_hash);
recovery_code recovery_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
CREATE UNIQUE INDEX recovery_code_pkey ON public.recovery_code USING btree (user_id, code_hash);
saved_view.id text collate C not null;
saved_view.list text collate C not null;
saved_view.name text collate C not null;
saved_view.name_key text collate C not null;
saved_view.search text collate C not null;
saved_view.is_shared integer not null;
saved_view.created_at bigint not null;
saved_view.created_by text collate C not null;
saved_view.updated_at bigint not null;
saved_view saved_view_created_by_fkey FOREIGN KEY (created_by) REFERENCES "user"(id);
saved_view saved_view_pkey PRIMARY KEY (id);
CREATE INDEX saved_view_list ON public.saved_view USING btree (list, is_shared);
CREATE UNIQUE INDEX saved_view_owner_name ON public.saved_view USING btree (created_by, list, name_key);
CREATE UNIQUE INDEX saved_view_pkey ON public.saved_view USING btree (id);
sensor.id text collate C not null;
sensor.public_key text collate C not null;
sensor.enrollment_token_id text collate C not null;
sensor.asset_id text collate C not null;
sensor.hostname text collate C not null;
sensor.hostname_key text collate C not null;
sensor.platform text collate C not null;
sensor.os_name text collate C not null;
sensor.os_version text collate C not null;
sensor.architecture text collate C not null;
sensor.version text collate C not null;
sensor.enrolled_at bigint not null;
sensor.reported_at bigint;
sensor.deleted_at bigint;
sensor.awaiting_approval integer not null default 0;
sensor.approved_at bigint;
sensor.blocked_at bigint;
sensor.ephemeral_hours integer;
sensor.uninstalled_at bigint;
sensor.instance_id text collate C;
sensor.has_newcomers integer not null default 0;
sensor.enrolled_host text collate C not null default '{}'::text;
sensor.cloned_from text collate C;
sensor.next_public_key text collate C;
sensor.key_changed_at bigint not null default 0;
sensor.removed_at bigint;
sensor.replaced_by text collate C;
sensor.replaced_at bigint;
sensor.replacement_decided_by text collate C;
sensor.approved_by text collate C;
sensor.blocked_by text collate C;
sensor.standing text collate C generated 
CASE
    WHEN (deleted_at IS NOT NULL) THEN 'deleted'::text
    WHEN (removed_at IS NOT NULL) THEN 'removed'::text
    WHEN (replaced_at IS NOT NULL) THEN 'replaced'::text
    WHEN (uninstalled_at IS NOT NULL) THEN 'uninstalled'::text
    WHEN (blocked_at IS NOT NULL) THEN 'blocked'::text
    WHEN (awaiting_approval = 1) THEN 'awaiting-approval'::text
    WHEN (reported_at IS NULL) THEN 'pending'::text
    ELSE 'reporting'::text
END;
sensor.listed integer generated 
CASE
    WHEN ((deleted_at IS NULL) AND (removed_at IS NULL) AND (replaced_at IS NULL)) THEN 1
    ELSE 0
END;
sensor.admitted_hostname text collate C not null default ''::text;
sensor.revision bigint not null default 0;
sensor.agreement_key text;
sensor sensor_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES "user"(id);
sensor sensor_blocked_by_fkey FOREIGN KEY (blocked_by) REFERENCES "user"(id);
sensor sensor_cloned_from_fkey FOREIGN KEY (cloned_from) REFERENCES sensor(id);
sensor sensor_pkey PRIMARY KEY (id);
sensor sensor_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES sensor(id);
sensor sensor_replacement_decided_by_fkey FOREIGN KEY (replacement_decided_by) REFERENCES "user"(id);
CREATE INDEX sensor_cloned_from ON public.sensor USING btree (cloned_from) WHERE (cloned_from IS NOT NULL);
CREATE INDEX sensor_ephemeral ON public.sensor USING btree (id, ephemeral_hours) WHERE ((ephemeral_hours IS NOT NULL) AND (deleted_at IS NULL) AND (removed_at IS NULL));
CREATE INDEX sensor_listed_hostname ON public.sensor USING btree (listed, hostname_key, id);
CREATE INDEX sensor_removed ON public.sensor USING btree (removed_at) WHERE ((removed_at IS NOT NULL) AND (deleted_at IS NULL));
CREATE INDEX sensor_replaced_by ON public.sensor USING btree (replaced_by) WHERE (replaced_by IS NOT NULL);
CREATE INDEX sensor_token ON public.sensor USING btree (enrollment_token_id, enrolled_at, id);
CREATE INDEX sensor_token_closed ON public.sensor USING btree (enrollment_token_id, enrolled_at, id) WHERE ((deleted_at IS NOT NULL) OR (blocked_at IS NOT NULL));
CREATE UNIQUE INDEX sensor_asset ON public.sensor USING btree (asset_id, (
CASE
    WHEN ((deleted_at IS NULL) AND (uninstalled_at IS NULL) AND (removed_at IS NULL) AND (replaced_at IS NULL)) THEN ''::text
    ELSE id
END));
CREATE UNIQUE INDEX sensor_next_public_key ON public.sensor USING btree (next_public_key) WHERE (next_public_key IS NOT NULL);
CREATE UNIQUE INDEX sensor_pkey ON public.sensor USING btree (id);
CREATE TRIGGER sensor_listing_add AFTER INSERT ON public.sensor REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sensor_listing_add();
CREATE TRIGGER sensor_listing_change AFTER UPDATE ON public.sensor FOR EACH ROW WHEN (((old.standing IS DISTINCT FROM new.standing) OR (old.platform IS DISTINCT FROM new.platform) OR (old.hostname_key IS DISTINCT FROM new.hostname_key) OR (old.version IS DISTINCT FROM new.version) OR (old.asset_id IS DISTINCT FROM new.asset_id) OR (old.enrollment_token_id IS DISTINCT FROM new.enrollment_token_id) OR (old.os_name IS DISTINCT FROM new.os_name) OR (old.os_version IS DISTINCT FROM new.os_version) OR (old.architecture IS DISTINCT FROM new.architecture))) EXECUTE FUNCTION sensor_listing_change();
CREATE TRIGGER sensor_revision BEFORE UPDATE ON public.sensor FOR EACH ROW EXECUTE FUNCTION sensor_revision();
sensor_address.address text collate C not null;
sensor_address.sensor_id text collate C not null;
sensor_address.cell integer;
sensor_address.class_id bigint;
sensor_address sensor_address_key PRIMARY KEY (address, sensor_id);
CREATE UNIQUE INDEX sensor_address_key ON public.sensor_address USING btree (address, sensor_id);
sensor_class.id bigint not null;
sensor_class.token_group_id bigint not null;
sensor_class.cell integer not null;
sensor_class.version text collate C not null;
sensor_class.os text collate C not null;
sensor_class.architecture text collate C not null;
sensor_class.tags text collate C not null;
sensor_class.retired_at bigint;
sensor_class sensor_class_pkey PRIMARY KEY (id);
CREATE INDEX sensor_class_key ON public.sensor_class USING btree (token_group_id, cell, version, os, architecture, substr(tags, 1, 100)) WHERE (retired_at IS NULL);
CREATE UNIQUE INDEX sensor_class_pkey ON public.sensor_class USING btree (id);
sensor_count.class_id bigint not null;
sensor_count.cell integer not null;
sensor_count.sensors bigint not null;
CREATE INDEX sensor_count_key ON public.sensor_count USING btree (class_id, cell);
sensor_instance.sensor_id text collate C not null;
sensor_instance.instance_id text collate C not null;
sensor_instance.state text collate C not null;
sensor_instance.host text collate C not null;
sensor_instance.address text collate C not null;
sensor_instance.first_seen_at bigint not null;
sensor_instance.returned_at bigint;
sensor_instance.clone_sensor_id text collate C;
sensor_instance.returns integer not null default 0;
sensor_instance sensor_instance_clone_sensor_id_fkey FOREIGN KEY (clone_sensor_id) REFERENCES sensor(id);
sensor_instance sensor_instance_pk PRIMARY KEY (sensor_id, instance_id);
sensor_instance sensor_instance_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensor(id);
CREATE UNIQUE INDEX sensor_instance_pk ON public.sensor_instance USING btree (sensor_id, instance_id);
sensor_inventory.sensor_id text collate C;
sensor_inventory.category text collate C;
sensor_inventory.status text collate C;
sensor_inventory.reason text collate C;
sensor_inventory.manifest_id bigint;
sensor_inventory.reported_at bigint;
sensor_inventory.changed_at bigint;
sensor_inventory.duration_ms bigint;
CREATE VIEW sensor_inventory AS SELECT inventory_state.sensor_id,
    (json_each.key COLLATE "C") AS category,
    ((json_each.value ->> 0) COLLATE "C") AS status,
    ((json_each.value ->> 1) COLLATE "C") AS reason,
    ((json_each.value ->> 2))::bigint AS manifest_id,
    ((json_each.value ->> 3))::bigint AS reported_at,
    (((json_each.value ->> 3))::bigint - ((json_each.value ->> 4))::bigint) AS changed_at,
    ((json_each.value ->> 5))::bigint AS duration_ms
   FROM inventory_state,
    LATERAL json_each((inventory_state.states)::json) json_each(key, value);
sensor_listing.sensor_id text collate C not null;
sensor_listing.class_id bigint not null;
sensor_listing.standing text collate C not null;
sensor_listing.platform text collate C not null;
sensor_listing.hostname_key text collate C not null;
sensor_listing.enrolled_at bigint not null;
sensor_listing.silent_since bigint;
sensor_listing.cell integer generated (((
CASE standing
    WHEN 'removed'::text THEN 0
    WHEN 'replaced'::text THEN 1
    WHEN 'uninstalled'::text THEN 2
    WHEN 'blocked'::text THEN 3
    WHEN 'awaiting-approval'::text THEN 4
    WHEN 'pending'::text THEN 5
    ELSE 6
END * 8) + (
CASE platform
    WHEN 'linux'::text THEN 0
    WHEN 'windows'::text THEN 1
    ELSE 2
END * 2)) +
CASE
    WHEN (silent_since IS NULL) THEN 0
    ELSE 1
END);
sensor_listing sensor_listing_sensor_id_key UNIQUE (sensor_id);
CREATE INDEX sensor_listing_class_enrolled ON public.sensor_listing USING btree (class_id, cell, enrolled_at, sensor_id);
CREATE INDEX sensor_listing_class_hostname ON public.sensor_listing USING btree (class_id, cell, hostname_key, sensor_id);
CREATE INDEX sensor_listing_class_silent ON public.sensor_listing USING btree (class_id, cell, silent_since, sensor_id) WHERE (silent_since IS NOT NULL);
CREATE INDEX sensor_listing_enrolled ON public.sensor_listing USING btree (cell, enrolled_at, sensor_id);
CREATE INDEX sensor_listing_hostname ON public.sensor_listing USING btree (cell, hostname_key, sensor_id);
CREATE INDEX sensor_listing_search ON public.sensor_listing USING gin (hostname_key gin_trgm_ops);
CREATE INDEX sensor_listing_silent ON public.sensor_listing USING btree (cell, silent_since, sensor_id) WHERE (silent_since IS NOT NULL);
CREATE UNIQUE INDEX sensor_listing_sensor_id_key ON public.sensor_listing USING btree (sensor_id);
CREATE TRIGGER sensor_count_add AFTER INSERT ON public.sensor_listing REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sensor_count_add();
CREATE TRIGGER sensor_count_move AFTER UPDATE ON public.sensor_listing FOR EACH ROW WHEN (((old.class_id <> new.class_id) OR (old.cell <> new.cell))) EXECUTE FUNCTION sensor_count_move();
CREATE TRIGGER sensor_count_remove AFTER DELETE ON public.sensor_listing FOR EACH ROW EXECUTE FUNCTION sensor_count_remove();
sensor_match.sensor_id text collate C not null;
sensor_match.predecessor_id text collate C not null;
sensor_match.facts text collate C not null;
sensor_match.is_certain integer not null;
sensor_match.decision text collate C;
sensor_match.decided_at bigint;
sensor_match.decided_by text collate C;
sensor_match.former_asset_id text collate C;
sensor_match sensor_match_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES "user"(id);
sensor_match sensor_match_former_asset_id_fkey FOREIGN KEY (former_asset_id) REFERENCES asset(id);
sensor_match sensor_match_key PRIMARY KEY (sensor_id, predecessor_id);
sensor_match sensor_match_predecessor_id_fkey FOREIGN KEY (predecessor_id) REFERENCES sensor(id);
sensor_match sensor_match_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensor(id);
CREATE INDEX sensor_match_open ON public.sensor_match USING btree (sensor_id, predecessor_id) WHERE (decision IS NULL);
CREATE INDEX sensor_match_predecessor ON public.sensor_match USING btree (predecessor_id);
CREATE UNIQUE INDEX sensor_match_key ON public.sensor_match USING btree (sensor_id, predecessor_id);
sensor_presence.sensor_id text collate C not null;
sensor_presence.last_seen_at bigint not null;
sensor_presence.last_nonce bigint not null;
sensor_presence.address text collate C not null;
sensor_presence.is_silent integer not null default 0;
sensor_presence.cell integer;
sensor_presence.class_id bigint;
sensor_presence sensor_presence_pkey PRIMARY KEY (sensor_id);
CREATE INDEX sensor_presence_seen ON public.sensor_presence USING btree (is_silent, last_seen_at, sensor_id, cell, class_id);
CREATE UNIQUE INDEX sensor_presence_pkey ON public.sensor_presence USING btree (sensor_id);
CREATE TRIGGER sensor_address_add AFTER INSERT ON public.sensor_presence REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sensor_address_add();
CREATE TRIGGER sensor_address_change AFTER UPDATE OF address ON public.sensor_presence FOR EACH ROW WHEN ((old.address <> new.address)) EXECUTE FUNCTION sensor_address_change();
CREATE TRIGGER sensor_address_class AFTER UPDATE OF cell, class_id ON public.sensor_presence FOR EACH ROW WHEN (((old.class_id IS NOT NULL) AND ((old.cell IS DISTINCT FROM new.cell) OR (old.class_id IS DISTINCT FROM new.class_id)))) EXECUTE FUNCTION sensor_address_class();
CREATE TRIGGER sensor_listing_seen AFTER UPDATE OF is_silent ON public.sensor_presence FOR EACH ROW WHEN ((old.is_silent <> new.is_silent)) EXECUTE FUNCTION sensor_listing_seen();
CREATE TRIGGER sensor_listing_silent AFTER INSERT ON public.sensor_presence FOR EACH ROW WHEN ((new.is_silent = 1)) EXECUTE FUNCTION sensor_listing_silent();
CREATE TRIGGER sensor_presence_add AFTER INSERT ON public.sensor_presence FOR EACH ROW WHEN ((new.cell IS NULL)) EXECUTE FUNCTION sensor_presence_add();
CREATE TRIGGER sensor_presence_return AFTER UPDATE OF last_seen_at ON public.sensor_presence FOR EACH ROW WHEN (((old.is_silent = 1) AND (new.is_silent = 1) AND (old.last_seen_at <> new.last_seen_at))) EXECUTE FUNCTION sensor_presence_return();
sensor_update.sensor_id text collate C not null;
sensor_update.method text collate C not null;
sensor_update.target text collate C not null;
sensor_update.version text collate C;
sensor_update.attempt integer;
sensor_update.state text collate C not null;
sensor_update.reason text collate C;
sensor_update.since bigint not null;
sensor_update.ring_id text collate C;
sensor_update.is_canary integer not null default 0;
sensor_update.offered_at bigint;
sensor_update sensor_update_pkey PRIMARY KEY (sensor_id);
sensor_update sensor_update_sensor_id_fkey FOREIGN KEY (sensor_id) REFERENCES sensor(id);
CREATE INDEX sensor_update_canary ON public.sensor_update USING btree (ring_id, version, state, attempt, offered_at) WHERE (is_canary = 1);
CREATE INDEX sensor_update_ring ON public.sensor_update USING btree (ring_id, version, state, attempt) WHERE (ring_id IS NOT NULL);
CREATE INDEX sensor_update_state ON public.sensor_update USING btree (state, sensor_id);
CREATE UNIQUE INDEX sensor_update_pkey ON public.sensor_update USING btree (sensor_id);
session.id text collate C not null;
session.token text collate C not null;
session.user_id text collate C not null;
session.expires_at bigint not null;
session.ip_address text collate C;
session.user_agent text collate C;
session.created_at bigint not null;
session.updated_at bigint not null;
session.confirmed_at bigint;
session.last_used_at bigint;
session.last_used_address text;
session session_pkey PRIMARY KEY (id);
session session_token_key UNIQUE (token);
session session_user_id_fkey FOREIGN KEY (user_id) REFERENCES "user"(id) ON DELETE CASCADE;
CREATE INDEX "session_user" ON public.session USING btree (user_id);
CREATE UNIQUE INDEX session_pkey ON public.session USING btree (id);
CREATE UNIQUE INDEX session_token_key ON public.session USING btree (token);
setting.name text collate C not null;
setting.value text collate C not null;
setting setting_pkey PRIMARY KEY (name);
CREATE UNIQUE INDEX setting_pkey ON public.setting USING btree (name);
sign_in_address.address text collate C not null;
sign_in_address.signed_in_at bigint not null;
sign_in_address sign_in_address_pkey PRIMARY KEY (address);
CREATE INDEX sign_in_address_at ON public.sign_in_address USING btree (signed_in_at);
CREATE UNIQUE INDEX sign_in_address_pkey ON public.sign_in_address USING btree (address);
token_group.id bigint not null;
token_group.enrollment_token_id text collate C not null;
token_group.asset_group_id text collate C not null;
token_group token_group_enrollment_token_id_fkey FOREIGN KEY (enrollment_token_id) REFERENCES enrollment_token(id);
token_group token_group_key UNIQUE (enrollment_token_id, asset_group_id);
token_group token_group_pkey PRIMARY KEY (id);
CREATE INDEX token_group_group ON public.token_group USING btree (asset_group_id);
CREATE UNIQUE INDEX token_group_key ON public.token_group USING btree (enrollment_token_id, asset_group_id);
CREATE UNIQUE INDEX token_group_pkey ON public.token_group USING btree (id);
token_rollout.enrollment_token_id text collate C not null;
token_rollout.expected text collate C not null;
token_rollout token_rollout_enrollment_token_id_fkey FOREIGN KEY (enrollment_token_id) REFERENCES enrollment_token(id);
token_rollout token_rollout_pkey PRIMARY KEY (enrollment_token_id);
CREATE UNIQUE INDEX token_rollout_pkey ON public.token_rollout USING btree (enrollment_token_id);
update_pace.id integer not null;
update_pace.minute bigint not null;
update_pace.offers integer not null;
update_pace update_pace_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX update_pace_pkey ON public.update_pace USING btree (id);
update_ring.id text collate C not null;
update_ring.name text collate C not null;
update_ring.name_key text collate C not null;
update_ring.position integer not null;
update_ring.is_last integer not null default 0;
update_ring.days text collate C not null;
update_ring.hours text collate C not null;
update_ring.time_zone text collate C not null;
update_ring.canaries integer not null;
update_ring.stop_after integer not null;
update_ring.soak_minutes integer not null;
update_ring.version text collate C;
update_ring.mandatory integer not null;
update_ring.paused_at bigint;
update_ring.paused_by text collate C;
update_ring.changed_at bigint not null;
update_ring update_ring_name_key_key UNIQUE (name_key);
update_ring update_ring_paused_by_fkey FOREIGN KEY (paused_by) REFERENCES "user"(id);
update_ring update_ring_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX update_ring_name_key_key ON public.update_ring USING btree (name_key);
CREATE UNIQUE INDEX update_ring_pkey ON public.update_ring USING btree (id);
update_ring_group.asset_group_id text collate C not null;
update_ring_group.ring_id text collate C not null;
update_ring_group update_ring_group_asset_group_id_fkey FOREIGN KEY (asset_group_id) REFERENCES asset_group(id);
update_ring_group update_ring_group_pkey PRIMARY KEY (asset_group_id);
update_ring_group update_ring_group_ring_id_fkey FOREIGN KEY (ring_id) REFERENCES update_ring(id);
CREATE INDEX update_ring_group_ring ON public.update_ring_group USING btree (ring_id);
CREATE UNIQUE INDEX update_ring_group_pkey ON public.update_ring_group USING btree (asset_group_id);
update_run.ring_id text collate C not null;
update_run.version text collate C not null;
update_run.counter bigint not null;
update_run.attempt integer not null;
update_run.started_at bigint not null;
update_run.canaries_done_at bigint;
update_run.stopped_at bigint;
update_run.changed_at bigint not null;
update_run update_run_key PRIMARY KEY (ring_id, version);
update_run update_run_ring_id_fkey FOREIGN KEY (ring_id) REFERENCES update_ring(id);
CREATE UNIQUE INDEX update_run_key ON public.update_run USING btree (ring_id, version);
user.id text collate C not null;
user.name text collate C not null;
user.email text collate C not null;
user.email_verified integer not null default 0;
user.image text collate C;
user.role text collate C not null;
user.status text collate C not null;
user.last_sign_in_at bigint;
user.created_at bigint not null;
user.updated_at bigint not null;
user.name_key text collate C not null default ''::text;
CREATE UNIQUE INDEX user_email_key ON public."user" USING btree (email);
CREATE UNIQUE INDEX user_pkey ON public."user" USING btree (id);
verification.id text collate C not null;
verification.identifier text collate C not null;
verification.value text collate C not null;
verification.expires_at bigint not null;
verification.created_at bigint not null;
verification.updated_at bigint not null;
verification verification_pkey PRIMARY KEY (id);
CREATE INDEX verification_identifier ON public.verification USING btree (identifier);
CREATE UNIQUE INDEX verification_pkey ON public.verification USING btree (id);
