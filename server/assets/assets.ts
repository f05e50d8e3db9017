// Assets: lists them for users, and creates them for sensors that enroll.
import type { Asset, IdentifierType } from "@attacklens/protocol/assets.ts";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { z } from "zod";
import type { AuditEvent } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import type { AssetIdentifierTable, Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import { permitted } from "../permitted.ts";
import { openTurns } from "../turns.ts";
import { deriveAssetType } from "./asset-type.ts";
import {
  type AssetPage,
  type AssetRow,
  deleteIdentifiers,
  deleteIdentifiersUnlessLive,
  findAsset,
  findDeletedGroupWithAssets,
  insertAssets,
  insertFirstIdentifiers,
  insertIdentifiers,
  listIdentifiers,
  listTags,
  markMerged,
  markSeparate,
  type NewAssetRow,
  pageOfAssets,
  removeFromGroup,
  updateTags,
} from "./assets-store.ts";

function present(row: AssetRow, user: User): Asset {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    typeSource: row.typeSource,
    category: row.category,
    assetGroup: row.assetGroupId === null ? null : { id: row.assetGroupId, name: row.assetGroupName ?? "" },
    sensor: row.sensorId === null ? null : { id: row.sensorId, hostname: row.sensorHostname ?? "" },
    createdAt: toInstant(row.createdAt),
    // No state of an asset prevents an action.
    can: permitted(user, "assets:manage", ["move", "setType"], () => undefined),
  };
}

export async function listAssets(db: Database, user: User, query: AssetPage) {
  const { rows, ...page } = await pageOfAssets(db, query);
  return { items: rows.map((row) => present(row, user)), ...page };
}

/** Throws not-found. */
export async function getAsset(db: Database, user: User, id: string) {
  const row = await findAsset(db, id);
  if (!row) throw assetNotFound(id);
  const identifiers = await listIdentifiers(db, id);
  return {
    ...present(row, user),
    identifiers: identifiers.map(({ type, value }) => ({ type: type as IdentifierType, value })),
  };
}

export const assetNotFound = (id: string) => new Problem("not-found", `There is no asset ${id}`);

export interface NewAsset {
  at: number;
  host: HostFacts;
  /** The facts of its host identify no asset yet. */
  awaitsApproval: boolean;
}

/**
 * Creates an asset for each sensor that enrolls, and returns their ids. Host facts never select an existing
 * asset. They only lead to a match, which an operator or the tokens' rule can merge.
 */
export async function createAssets(
  tx: Database,
  enrolling: readonly NewAsset[],
  { assetGroupId, tags }: { assetGroupId: string | null; tags: string[] },
): Promise<string[]> {
  const tagsJson = JSON.stringify(tags);
  const rows = enrolling.map(
    ({ at, host }): NewAssetRow => ({
      id: newId("asset"),
      name: host.hostname,
      nameKey: nameKey(host.hostname),
      type: deriveAssetType(host),
      category: "compute",
      assetGroupId,
      createdAt: at,
      tags: tagsJson,
    }),
  );
  await insertAssets(tx, rows);
  const ids = rows.map(({ id }) => id);
  const identifiers = enrolling.flatMap(({ host, awaitsApproval }, index) =>
    awaitsApproval ? [] : identifiersOf(ids[index]!, host),
  );
  await insertFirstIdentifiers(tx, identifiers);
  return ids;
}

/** Removes the identifiers of the assets, unless an asset has an approved, live sensor. */
export async function withdrawIdentifiers(tx: Database, assetIds: readonly string[]): Promise<void> {
  await deleteIdentifiersUnlessLive(tx, assetIds);
}

/** Adds the host's facts as identifiers of the asset, because its sensor was approved. */
export async function restoreIdentifiers(
  tx: Database,
  assetId: string,
  host: Partial<HostFacts>,
): Promise<void> {
  await insertIdentifiers(tx, identifiersOf(assetId, host));
}

/** Replaces the asset's identifiers, because its sensor re-enrolled from a host with other facts. */
export async function replaceIdentifiers(
  tx: Database,
  assetId: string,
  before: Partial<HostFacts>,
  now: Partial<HostFacts>,
): Promise<void> {
  await deleteIdentifiers(tx, assetId, identifiersOf(assetId, before));
  await restoreIdentifiers(tx, assetId, now);
}

/** Merges the asset `formerId` into `id`, which gets the identifiers and tags of both. */
export async function mergeAsset(tx: Database, formerId: string, id: string): Promise<void> {
  const identifiers = await listIdentifiers(tx, formerId);
  await insertIdentifiers(
    tx,
    identifiers.map((identifier) => ({ assetId: id, ...identifier })),
  );
  const tags = (await listTags(tx, [id, formerId])).flatMap((row) => parseTags(row.tags));
  await updateTags(tx, id, JSON.stringify([...new Set(tags)]));
  await markMerged(tx, formerId, id);
}

/**
 * Undoes mergeAsset. `host` is the host of the asset `id`: the asset keeps its facts, and loses the facts of
 * only the other host. Tags stay.
 */
export async function separateAsset(
  tx: Database,
  formerId: string,
  id: string,
  host: Partial<HostFacts>,
): Promise<void> {
  const own = new Set(identifiersOf(id, host).map(({ type, value }) => `${type} ${value}`));
  const foreign = await listIdentifiers(tx, formerId);
  await deleteIdentifiers(
    tx,
    id,
    foreign.filter(({ type, value }) => !own.has(`${type} ${value}`)),
  );
  await restoreIdentifiers(tx, id, host);
  await markSeparate(tx, formerId, id);
}

/** Assets that are removed from a deleted group in one transaction, which other transactions may wait for. */
const MOVED_AT_ONCE = 200;

/**
 * Removes the assets from deleted groups. Returns the number of assets. Lists already show them without a
 * group.
 */
export async function emptyDeletedGroups(db: Database): Promise<number> {
  let moved = 0;
  const turns = openTurns("job");
  for (let id = await findDeletedGroupWithAssets(db); id !== undefined; ) {
    const groupId = id;
    const some = await inTransaction(db, (tx) => removeFromGroup(tx, groupId, MOVED_AT_ONCE));
    moved += some;
    if (some < MOVED_AT_ONCE) id = await findDeletedGroupWithAssets(db);
    await turns.next();
  }
  return moved;
}

const parseTags = (json: string) => z.array(z.string()).parse(JSON.parse(json));

export function assetCreated(event: Pick<AuditEvent, "at" | "actor">, id: string, name: string): AuditEvent {
  return { ...event, action: "asset.created", entity: { type: "asset", id, name } };
}

/** Each identifier once, even if the host states it twice. */
function identifiersOf(assetId: string, host: Partial<HostFacts>): AssetIdentifierTable[] {
  const found: AssetIdentifierTable[] = [];
  const add = (type: IdentifierType, text: string | undefined) => {
    const value = text?.trim().toLowerCase();
    const isNew = !found.some((one) => one.type === type && one.value === value);
    if (value && isNew) found.push({ assetId, type, value });
  };
  add("hostname", host.hostname);
  add("machine-id", host.machineId);
  add("product-uuid", host.productUuid);
  add("serial-number", host.serialNumber);
  add("cloud-instance-id", host.cloudInstanceId);
  for (const mac of host.macs ?? []) add("mac-address", mac);
  for (const address of host.addresses ?? []) add("ip-address", address);
  return found;
}
