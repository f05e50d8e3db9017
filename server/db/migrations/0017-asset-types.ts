// The type of an asset is derived from the reports of its sensor, until a user sets it.
import { statements } from "./migration.ts";

export const assetTypes = statements(`
alter table asset add column type_source {text} not null default 'derived';
alter table asset add column type_facts {text} not null default '{}';
create index asset_type_created on asset (type, created_at, id);
create index asset_type_name on asset (type, name_key, id, merged_into);
create index asset_member_created on asset (asset_group_id, type, created_at, id) where asset_group_id is not null;
create index asset_member_name on asset (asset_group_id, type, name_key, id, merged_into)
  where asset_group_id is not null;
`);
