// Assets: listed for users, created for a sensor that enrolls.
import type { Asset, IdentifierType } from "@attacklens/protocol/assets.ts";
import type { HostFacts } from "@attacklens/protocol/enroll.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { z } from "zod";
import type { AuditEvent } from "../audit/audit.ts";
import type { AssetTable, Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import { openTurns } from "../turns.ts";
import {
  type AssetPage,
  type AssetRow,
  deleteIdentifiers,
  deleteIdentifiersUnlessLive,
  findAsset,
  findDeletedGroupWithAssets,
  insertAssets,
  insertIdentifiers,
  listIdentifiers,
  listTags,
  markMerged,
  markSeparate,
  pageOfAssets,
  removeFromGroup,
  updateTags,
} from "./assets-store.ts";

function present(row: AssetRow): Asset {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    category: row.category,
    assetGroup: row.assetGroupId === null ? null : { id: row.assetGroupId, name: row.assetGroupName ?? "" },
    sensor: row.sensorId === null ? null : { id: row.sensorId, hostname: row.sensorHostname ?? "" },
    createdAt: toInstant(row.createdAt),
  };
}

export async function listAssets(db: Database, query: AssetPage) {
  const { rows, ...page } = await pageOfAssets(db, query);
  return { items: rows.map(present), ...page };
}

/** Throws not-found. */
export async function getAsset(db: Database, id: string) {
  const row = await findAsset(db, id);
  if (!row) throw new Problem("not-found", `There is no asset ${id}`);
  const identifiers = await listIdentifiers(db, id);
  return {
    ...present(row),
    identifiers: identifiers.map(({ type, value }) => ({ type: type as IdentifierType, value })),
  };
}

export interface NewAsset {
  at: number;
  host: HostFacts;
  /** The sensor awaits approval: what its host says of itself identifies nothing yet. */
  isWithdrawn: boolean;
}

/**
 * Creates an asset for each sensor that enrolls. Host facts never select an existing asset: a match is only
 * proposed, and an operator or the tokens' rule merges.
 */
export async function createAssets<E extends NewAsset>(
  tx: Database,
  enrolling: E[],
  { assetGroupId, tags }: { assetGroupId: string | null; tags: string[] },
): Promise<(E & { assetId: string })[]> {
  const created = enrolling.map((one) => ({ ...one, assetId: newId("asset") }));
  await insertAssets(
    tx,
    created.map(
      ({ assetId, at, host }): AssetTable => ({
        id: assetId,
        name: host.hostname,
        nameKey: nameKey(host.hostname),
        type: "server",
        category: "compute",
        assetGroupId,
        createdAt: at,
        tags: JSON.stringify(tags),
        mergedInto: null,
      }),
    ),
  );
  const identifiers = created.flatMap(({ assetId, host, isWithdrawn }) =>
    isWithdrawn ? [] : identifiersOf(host).map((identifier) => ({ assetId, ...identifier })),
  );
  await insertIdentifiers(tx, identifiers);
  return created;
}

/** The asset is identified by nothing, unless it has a sensor that is approved and live. */
export async function withdrawIdentifiers(tx: Database, assetId: string): Promise<void> {
  await deleteIdentifiersUnlessLive(tx, assetId);
}

/** The asset is identified by what its host says: its sensor was approved. */
export async function restoreIdentifiers(
  tx: Database,
  assetId: string,
  host: Partial<HostFacts>,
): Promise<void> {
  await insertIdentifiers(
    tx,
    identifiersOf(host).map((identifier) => ({ assetId, ...identifier })),
  );
}

/** The sensor of the asset was enrolled again, from a host that says something else of itself. */
export async function replaceIdentifiers(
  tx: Database,
  assetId: string,
  before: Partial<HostFacts>,
  now: Partial<HostFacts>,
): Promise<void> {
  await deleteIdentifiers(tx, assetId, identifiersOf(before));
  await restoreIdentifiers(tx, assetId, now);
}

/** The two are one: `id` has the identifiers and tags of both from now on, and `formerId` is it. */
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
 * Undoes mergeAsset. `host` is the host of the asset `id`: its facts stay, and facts of only the other host
 * go. Tags stay.
 */
export async function separateAsset(
  tx: Database,
  formerId: string,
  id: string,
  host: Partial<HostFacts>,
): Promise<void> {
  const own = new Set(identifiersOf(host).map(({ type, value }) => `${type} ${value}`));
  const foreign = await listIdentifiers(tx, formerId);
  await deleteIdentifiers(
    tx,
    id,
    foreign.filter(({ type, value }) => !own.has(`${type} ${value}`)),
  );
  await restoreIdentifiers(tx, id, host);
  await markSeparate(tx, formerId);
}

/** Assets moved out of a deleted group in one transaction: others wait no longer than for it. */
const MOVED_AT_ONCE = 200;

/**
 * Takes the assets of deleted groups out of these; returns how many. Readers take them for assets without a
 * group already.
 */
export async function emptyDeletedGroups(db: Database): Promise<number> {
  let moved = 0;
  const turns = openTurns();
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
  return { ...event, action: "asset.created", entity: { type: "asset", id }, details: { name } };
}

function identifiersOf(host: Partial<HostFacts>): { type: IdentifierType; value: string }[] {
  const pairs: [IdentifierType, string | undefined][] = [
    ["hostname", host.hostname],
    ["machine-id", host.machineId],
    ["product-uuid", host.productUuid],
    ["serial-number", host.serialNumber],
    ["cloud-instance-id", host.cloudInstanceId],
    ...(host.macs ?? []).map((mac): [IdentifierType, string] => ["mac-address", mac]),
    ...(host.addresses ?? []).map((address): [IdentifierType, string] => ["ip-address", address]),
  ];
  return pairs.flatMap(([type, value]) => {
    const normalised = value?.trim().toLowerCase();
    return normalised ? [{ type, value: normalised }] : [];
  });
}
