// The types of assets in SQL.
import { sql } from "kysely";
import { isAmong, jsonRows } from "../db/dialect.ts";
import type { AssetTable, Database } from "../db/schema.ts";
import { type Place, statement } from "../db/statement.ts";

export interface TypeRow {
  sensorId: string;
  id: string;
  type: AssetTable["type"];
  typeSource: "derived" | "user";
  typeFacts: string;
}

const typesOf = statement((db, place: Place<{ ids: string }>) =>
  db
    .selectFrom("sensor")
    .innerJoin("asset", "asset.id", "sensor.assetId")
    .select(["sensor.id as sensorId", "asset.id", "asset.type", "asset.typeSource", "asset.typeFacts"])
    .where(isAmong(db, "sensor.id", place("ids")))
    // Always in the same order, to avoid deadlocks.
    .orderBy("asset.id")
    .compile(),
);

export async function listTypesOfSensors(tx: Database, ids: readonly string[]): Promise<TypeRow[]> {
  return ids.length === 0 ? [] : ((await typesOf(tx, { ids: JSON.stringify(ids) })) as TypeRow[]);
}

export type ChangedType = Pick<TypeRow, "id" | "type" | "typeFacts">;

const changedTypes = statement<{ types: string }, never>((db, place) =>
  sql<never>`
    update asset set type = changed.type, type_facts = changed.type_facts
    from ${jsonRows(db, place("types"), { id: "text", type: "text", type_facts: "text" })} as changed
    where asset.id = changed.id`.compile(db),
);

export async function updateTypes(tx: Database, types: readonly ChangedType[]): Promise<void> {
  if (types.length === 0) return;
  const rows = types.map(({ id, type, typeFacts }) => ({ id, type, type_facts: typeFacts }));
  await changedTypes(tx, { types: JSON.stringify(rows) });
}
