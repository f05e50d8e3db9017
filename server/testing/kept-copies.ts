// Queries that find where the database keeps a copy or a number that is wrong.

/** Rows of lists that differ from what they are copies of. */
export const LIST_DIFFERENCES = {
  "rows of a list": `
    select sensor.id from sensor left join sensor_listing on sensor_listing.sensor_id = sensor.id
    left join asset on asset.id = sensor.asset_id
    left join sensor_class on sensor_class.id = sensor_listing.class_id
    left join token_group on token_group.id = sensor_class.token_group_id
    where (sensor_listing.sensor_id is null) <> (sensor.standing = 'deleted')
      or sensor_listing.standing <> sensor.standing
      or sensor_listing.hostname_key <> sensor.hostname_key
      or sensor_class.cell <> sensor_listing.cell - sensor_listing.cell % 2
      or sensor_class.version <> sensor.version
      or sensor_class.os <> lower(sensor.os_name || ' ' || sensor.os_version)
      or sensor_class.architecture <> sensor.architecture or sensor_class.tags <> asset.tags
      or token_group.enrollment_token_id <> sensor.enrollment_token_id
      or token_group.asset_group_id <> coalesce(asset.asset_group_id, '')`,
  "numbers of sensors": `
    select class_id, cell, sum(sensors) from (
      select class_id, cell, sensors from sensor_count
      union all select class_id, cell, -1 from sensor_listing
      union all select 0, cell, -1 from sensor_listing) as counted
    group by class_id, cell having sum(sensors) <> 0`,
  "cells of a presence": `
    select sensor_presence.sensor_id from sensor_presence
    join sensor_listing on sensor_listing.sensor_id = sensor_presence.sensor_id
    where sensor_presence.cell is distinct from sensor_listing.cell - sensor_listing.cell % 2
      or sensor_presence.class_id is distinct from sensor_listing.class_id
      or (sensor_presence.is_silent = 1) <> (sensor_listing.silent_since is not null)`,
  addresses: `
    select sensor_id from sensor_presence where not exists (select 1 from sensor_address
      where sensor_address.sensor_id = sensor_presence.sensor_id
        and sensor_address.address = sensor_presence.address
        and sensor_address.cell is not distinct from sensor_presence.cell
        and sensor_address.class_id is not distinct from sensor_presence.class_id)
    union all select sensor_id from sensor_address group by sensor_id having count(*) > 1`,
};

/** The same of all tables. */
export const DIFFERENCES = {
  "assets of a group": `
    select id, assets from asset_group where deleted_at is null and assets <> (
      select count(*) from asset where asset_group_id = asset_group.id and merged_into is null)`,
  "uses of a token": `
    select id, uses from enrollment_token where
      uses <> (select count(*) from sensor join enrollment_attempt
        on enrollment_attempt.id = 'enr_' || substr(sensor.id, 5)
        where sensor.enrollment_token_id = enrollment_token.id)
      or uses <> (select count(*) from enrollment_attempt
        where enrollment_token_id = enrollment_token.id and reason is null)`,
  "refusals of a token": `
    select id, refused_attempts from enrollment_token where refused_attempts <> (
      select coalesce(sum(attempts), 0) from enrollment_attempt
      where enrollment_token_id = enrollment_token.id and reason is not null)`,
  "last use of a token": `
    select id, last_used_at from enrollment_token where last_used_at is distinct from (
      select max(at) from enrollment_attempt where enrollment_token_id = enrollment_token.id and reason is null)`,
  ...LIST_DIFFERENCES,
};
