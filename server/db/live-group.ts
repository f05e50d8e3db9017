// The asset group of an asset. Assets of a deleted group still reference it until the sweep has moved them
// out, and count as assets without a group.
import { type Expression, type JoinBuilder, sql } from "kysely";
import type { Schema } from "./schema.ts";

/** For a left join of `assetGroup`: read the id of an asset's group from there, not from the asset. */
// biome-ignore lint/suspicious/noExplicitAny: any tables' query that has assets
export function isLiveGroup(join: JoinBuilder<Schema & any, any>) {
  return join.onRef("assetGroup.id", "=", "asset.assetGroupId").on("assetGroup.deletedAt", "is", null);
}

/** The id of a group for a filter on `asset.assetGroupId`; null when there is no such group. */
export function liveGroupId(id: string): Expression<string | null> {
  return sql`(select id from asset_group where id = ${id} and deleted_at is null)`;
}
