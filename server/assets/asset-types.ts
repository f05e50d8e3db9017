// Derives the types of assets from reports, and lets users set them.
import type { Asset, AssetType } from "@attacklens/protocol/assets.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { deriveAssetType, type TypeFacts } from "./asset-type.ts";
import {
  type ChangedType,
  listTypesOfSensors,
  lockType,
  type TypeRow,
  updateType,
  updateTypes,
} from "./asset-types-store.ts";
import { assetNotFound, getAsset } from "./assets.ts";

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

/** `type`: null: derived from the reports again. Throws not-found. */
export async function setAssetType(
  db: Database,
  now: number,
  user: User,
  id: string,
  type: AssetType | null,
): Promise<Asset> {
  await inTransaction(db, async (tx) => {
    const row = await lockType(tx, id);
    if (!row) throw assetNotFound(id);
    const after = {
      type: type ?? deriveAssetType({ ...row.host, ...parseFacts(row) }),
      typeSource: type === null ? ("derived" as const) : ("user" as const),
    };
    if (after.type === row.type && after.typeSource === row.typeSource) return;
    await updateType(tx, id, after);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "asset.type-changed",
      entity: { type: "asset", id, name: row.name },
      details: {
        before: { type: row.type, source: row.typeSource },
        after: { type: after.type, source: after.typeSource },
      },
    });
  });
  return await getAsset(db, user, id);
}

function parseFacts({ typeFacts }: Pick<TypeRow, "typeFacts">): TypeFacts {
  return JSON.parse(typeFacts) as TypeFacts;
}
