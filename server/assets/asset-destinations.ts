// The asset groups that users move assets to.
import type { AssetDestination } from "@attacklens/protocol/assets.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { findAssetGroup, findOrCreateGroup } from "../asset-groups/asset-groups.ts";
import type { User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";

/** An asset group; null: none. Without an id: it does not exist yet. */
export type Destination = { id?: string; name: string } | null;

/** Throws input-invalid. */
export async function findDestination(
  db: Database,
  { assetGroupId: id, assetGroupName: name }: AssetDestination,
): Promise<Destination> {
  if (name !== undefined) return (await findAssetGroup(db, { name })) ?? { name };
  if (id == null) return null;
  return (await findAssetGroup(db, { id })) ?? unknownDestination();
}

/** The same, and creates the group if it does not exist yet. */
export async function createDestination(
  db: Database,
  now: number,
  user: User,
  to: AssetDestination,
): Promise<{ id: string; name: string } | null> {
  const found = await findDestination(db, to);
  if (found === null || found.id !== undefined) return found as { id: string; name: string } | null;
  return await inTransaction(db, (tx) => findOrCreateGroup(tx, now, user, found.name));
}

export function unknownDestination(): never {
  throw new Problem("input-invalid", "Can't move the asset: the asset group does not exist", {
    fields: { assetGroupId: "must be an existing asset group" },
  });
}
