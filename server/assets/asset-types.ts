// Derives the types of assets from reports.
import type { Database } from "../db/schema.ts";
import { deriveAssetType, type TypeFacts } from "./asset-type.ts";
import { type ChangedType, listTypesOfSensors, type TypeRow, updateTypes } from "./asset-types-store.ts";

/**
 * Stores what reports say about the assets of sensors, in the transaction of the reports. A fact that is
 * undefined is removed. A type that a user has set stays.
 */
export async function storeTypeFacts(tx: Database, reported: ReadonlyMap<string, TypeFacts>): Promise<void> {
  const changed = new Map<string, ChangedType>();
  for (const row of await listTypesOfSensors(tx, [...reported.keys()])) {
    // Several sensors can have one asset.
    const before = parseFacts(changed.get(row.id) ?? row);
    const facts = { ...before, ...reported.get(row.sensorId) };
    const typeFacts = JSON.stringify(facts);
    if (typeFacts === JSON.stringify(before)) continue;
    const type = row.typeSource === "user" ? row.type : deriveAssetType(facts);
    changed.set(row.id, { id: row.id, type, typeFacts });
  }
  await updateTypes(tx, [...changed.values()]);
}

export function parseFacts({ typeFacts }: Pick<TypeRow, "typeFacts">): TypeFacts {
  return JSON.parse(typeFacts) as TypeFacts;
}
