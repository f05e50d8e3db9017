// SQL of the triggers that keep the class of each sensor.

/** The cell of a row of `sensor` that is not silent. */
export const seenCell = (prefix: string) => `
    case ${prefix}standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case ${prefix}platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2`;

/** Characters of the tags in an index. PostgreSQL limits the size of an entry. */
export const INDEXED_TAGS = 100;

export const isPairOf = (row: string) => `token_group.enrollment_token_id = ${row}.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')`;

/**
 * Returns the id of the class of a row of `sensor`. Each query has one table, so that no planner reads all
 * classes of a version before the one of an asset.
 */
export const classOf = (row: string) => `(
  select min(sensor_class.id) from sensor_class
  where sensor_class.retired_at is null
    and (sensor_class.token_group_id, substr(sensor_class.tags, 1, ${INDEXED_TAGS}), sensor_class.tags) = (
      select (select token_group.id from token_group where ${isPairOf(row)}),
        substr(asset.tags, 1, ${INDEXED_TAGS}), asset.tags
      from asset where asset.id = ${row}.asset_id)
    and sensor_class.cell = ${seenCell(`${row}.`)}
    and sensor_class.version = ${row}.version
    and sensor_class.os = lower(${row}.os_name || ' ' || ${row}.os_version)
    and sensor_class.architecture = ${row}.architecture)`;

/** Returns the statement that adds the pairs of sensors' tokens and their assets' groups that are new. */
export const addTokenGroups = (row: string, from: string, distinct = "") => `
  insert into token_group (enrollment_token_id, asset_group_id)
  select ${distinct} ${row}.enrollment_token_id, coalesce(asset.asset_group_id, '')
  ${from}
  where asset.id = ${row}.asset_id and not exists (
    select 1 from token_group where ${isPairOf(row)})
  on conflict do nothing`;

/** Returns the statement that adds the classes of sensors that are new. */
export const addClasses = (row: string, from: string, distinct = "") => `
  insert into sensor_class (token_group_id, cell, version, os, architecture, tags)
  select ${distinct} token_group.id, ${seenCell(`${row}.`)}, ${row}.version,
    lower(${row}.os_name || ' ' || ${row}.os_version), ${row}.architecture, asset.tags
  ${from}
  where asset.id = ${row}.asset_id and ${isPairOf(row)} and ${row}.standing <> 'deleted'
    and ${classOf(row)} is null`;
