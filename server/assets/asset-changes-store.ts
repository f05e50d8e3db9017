// Changes of several assets at once, in SQL.
import { sql } from "kysely";
import { forSomeValues } from "../db/batches.ts";
import { isAmong, jsonRows, lockRows } from "../db/dialect.ts";
import type { AssetTable, Database } from "../db/schema.ts";
import type { SensorTable } from "../db/schema-sensors.ts";
import { type Place, statement } from "../db/statement.ts";

/** Locks the rows of those assets that exist and are not merged, in the order of their ids. */
export async function lockAssets(tx: Database, ids: readonly string[]) {
  return await forSomeValues(ids.toSorted(), (some) =>
    lockRows(
      tx,
      tx
        .selectFrom("asset")
        .select(["id", "name", "assetGroupId", "type", "typeSource", "typeFacts"])
        .where("id", "in", some)
        .where("mergedInto", "is", null)
        .orderBy("id"),
    ).execute(),
  );
}

export type LockedAsset = Awaited<ReturnType<typeof lockAssets>>[number];

type ReportedHost = Pick<SensorTable, "platform" | "osName">;

/** Returns what the sensor of each asset said when it enrolled. Of several sensors, the last one. */
export async function findHosts(db: Database, ids: readonly string[]): Promise<Map<string, ReportedHost>> {
  const rows = await forSomeValues(ids, (some) =>
    db
      .selectFrom("sensor")
      .select(["assetId", "platform", "osName"])
      .where("assetId", "in", some)
      .orderBy("enrolledAt")
      .execute(),
  );
  return new Map(rows.map(({ assetId, ...host }) => [assetId, host]));
}

export interface NewType extends Pick<AssetTable, "id" | "type"> {
  typeSource: "derived" | "user";
}

const changedTypes = statement<{ types: string }, never>((db, place) =>
  sql<never>`
    update asset set type = changed.type, type_source = changed.type_source
    from ${jsonRows(db, place("types"), { id: "text", type: "text", type_source: "text" })} as changed
    where asset.id = changed.id`.compile(db),
);

export async function setTypes(tx: Database, types: readonly NewType[]): Promise<void> {
  const rows = types.map(({ id, type, typeSource }) => ({ id, type, type_source: typeSource }));
  await changedTypes(tx, { types: JSON.stringify(rows) });
}

const changedGroups = statement((db, place: Place<{ ids: string; groupId: string | null }>) =>
  db
    .updateTable("asset")
    .set({ assetGroupId: place("groupId") })
    .where(isAmong(db, "id", place("ids")))
    .compile(),
);

/** Moves the locked assets to a group, or to none, and counts them there. */
export async function setGroups(
  tx: Database,
  assets: readonly Pick<LockedAsset, "id" | "assetGroupId">[],
  groupId: string | null,
): Promise<void> {
  await changedGroups(tx, { ids: JSON.stringify(assets.map(({ id }) => id)), groupId });
}
