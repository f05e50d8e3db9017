// SQL of the triggers that keep the class of each sensor.

/** The cell of a row of `sensor` that is not silent. */
export const seenCell = (prefix: string) => `
    case ${prefix}standing when 'removed' then 0 when 'replaced' then 1 when 'uninstalled' then 2
      when 'blocked' then 3 when 'awaiting-approval' then 4 when 'pending' then 5 else 6 end * 8
    + case ${prefix}platform when 'linux' then 0 when 'windows' then 1 else 2 end * 2`;

/** Characters of the tags in an index. PostgreSQL limits the size of an entry. */
export const INDEXED_TAGS = 100;

/** Returns the conditions on the class of a row of `sensor`, whose asset and pair the query has joined. */
const isClassOf = (row: string) => `sensor_class.retired_at is null
    and sensor_class.token_group_id = token_group.id and sensor_class.cell = ${seenCell(`${row}.`)}
    and sensor_class.version = ${row}.version
    and sensor_class.os = lower(${row}.os_name || ' ' || ${row}.os_version)
    and sensor_class.architecture = ${row}.architecture
    and substr(sensor_class.tags, 1, ${INDEXED_TAGS}) = substr(asset.tags, 1, ${INDEXED_TAGS})
    and sensor_class.tags = asset.tags`;

const isPairOf = (row: string) => `token_group.enrollment_token_id = ${row}.enrollment_token_id
    and token_group.asset_group_id = coalesce(asset.asset_group_id, '')`;

/** Returns the id of the class of a row of `sensor`. */
export const classOf = (row: string) => `(
  select min(sensor_class.id) from asset cross join token_group cross join sensor_class
  where asset.id = ${row}.asset_id and ${isPairOf(row)} and ${isClassOf(row)})`;

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
    and not exists (select 1 from sensor_class where ${isClassOf(row)})`;
