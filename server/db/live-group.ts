// The asset group of an asset. The assets of a deleted group refer to it until a sweep removes them, but
// count as assets without a group.
import { type Expression, type JoinBuilder, sql } from "kysely";
import type { Schema } from "./schema.ts";

/** For a left join of `assetGroup`. Read the id of an asset's group from this join, not from the asset. */
// biome-ignore lint/suspicious/noExplicitAny: any tables' query that has assets
export function isLiveGroup(join: JoinBuilder<Schema & any, any>) {
  return join.onRef("assetGroup.id", "=", "asset.assetGroupId").on("assetGroup.deletedAt", "is", null);
}

/** Returns the id of a group for a filter on `asset.assetGroupId`, or null if the group does not exist. */
export function liveGroupId(id: string): Expression<string | null> {
  return sql`(select id from asset_group where id = ${id} and deleted_at is null)`;
}
