// Changes of assets by users: moves them to asset groups, and sets their types.
import type { AssetBulkAction } from "@attacklens/protocol/asset-actions.ts";
import type { AssetDestination, AssetType } from "@attacklens/protocol/assets.ts";
import { lockAssetGroups } from "../asset-groups/asset-groups.ts";
import { type AuditEvent, recordAuditEvents, userActor } from "../audit/audit.ts";
import type { Candidate, Refusal } from "../bulk/bulk.ts";
import type { User } from "../caller.ts";
import { announce } from "../db/changes.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import {
  findHosts,
  type LockedAsset,
  lockAssets,
  type NewType,
  setGroups,
  setTypes,
} from "./asset-changes-store.ts";
import {
  createDestination,
  type Destination,
  findDestination,
  unknownDestination,
} from "./asset-destinations.ts";
import { deriveAssetType } from "./asset-type.ts";
import { parseFacts } from "./asset-types.ts";
import { assetNotFound, getAsset } from "./assets.ts";
import { type AssetPage, addToCount, pageOfAssets } from "./assets-store.ts";

/** A change, with the group that it names. */
type Change<To = Destination> = { action: "move"; to: To } | { action: "set-type"; type: AssetType | null };
type Group = { id: string; name: string };
type ReadyChange = Change<Group | null>;

type State = Pick<LockedAsset, "assetGroupId" | "type" | "typeSource">;

/** Returns a sentence with the reason why the change would change nothing. */
function obstacle(change: Change, asset: State): string | undefined {
  if (change.action === "move") {
    if (asset.assetGroupId !== (change.to === null ? null : change.to.id)) return undefined;
    return `Can't move the asset: it is already in ${change.to === null ? "no asset group" : "this asset group"}.`;
  }
  if (change.type === null)
    return asset.typeSource === "user"
      ? undefined
      : "Can't set the type of the asset: it comes from the reports of its sensor already.";
  return asset.typeSource === "user" && asset.type === change.type
    ? "Can't set the type of the asset: a user has set this type already."
    : undefined;
}

/** Assets that are read at once. */
const SLICE = 1_000;

/** Yields the assets that match. Throws input-invalid. */
export async function* assetCandidates(
  db: Database,
  { filter, ...action }: AssetBulkAction,
): AsyncGenerator<Candidate[]> {
  const change: Change =
    action.action === "move" ? { ...action, to: await findDestination(db, action.to) } : action;
  let cursor: string | undefined;
  do {
    const page: AssetPage = { ...filter, sort: "createdAt", order: "asc", limit: SLICE, cursor };
    const { rows, nextCursor } = await pageOfAssets(db, page);
    yield rows.map((row) => ({ id: row.id, name: row.name, obstacle: obstacle(change, row) }));
    cursor = nextCursor ?? undefined;
  } while (cursor);
}

/** Returns the change of an action, after its group was created. Throws input-invalid. */
export async function openChange(
  db: Database,
  now: number,
  user: User,
  action: Change<AssetDestination>,
): Promise<ReadyChange> {
  return action.action === "move"
    ? { action: "move", to: await createDestination(db, now, user, action.to) }
    : { action: "set-type", type: action.type };
}

/** Changes the assets whose state allows it, and returns the others. Throws input-invalid. */
export async function changeAssets(
  tx: Database,
  now: number,
  user: User,
  change: ReadyChange,
  some: { id: string; name: string }[],
): Promise<Refusal[]> {
  const locked = await lockAssets(
    tx,
    some.map(({ id }) => id),
  );
  const groups = await lockGroupsOf(tx, change, locked);
  const live = new Map(
    locked.map((asset) => [asset.id, { ...asset, assetGroupId: groups.get(asset.assetGroupId)?.id ?? null }]),
  );
  const refusals = some.flatMap(({ id, name }) => {
    const asset = live.get(id);
    const reason = asset ? obstacle(change, asset) : assetNotFound(id).detail;
    return reason === undefined ? [] : [{ id, name, reason }];
  });
  const refused = new Set(refusals.map(({ id }) => id));
  const possible = locked.filter(({ id }) => !refused.has(id));
  if (possible.length === 0) return refusals;
  const differences =
    change.action === "move"
      ? await move(tx, possible, change.to, groups)
      : await setType(tx, possible, change.type);
  await recordAuditEvents(
    tx,
    possible.map(({ id, name }, index) => ({
      ...{ at: now, actor: userActor(user), details: differences[index]! },
      action: change.action === "move" ? "asset.moved" : "asset.type-changed",
      entity: { type: "asset", id, name },
    })),
  );
  return refusals;
}

type Groups = ReadonlyMap<string | null, Group>;

/** Locks the groups that a move changes, so that none of them is deleted in the meantime. */
async function lockGroupsOf(tx: Database, change: ReadyChange, assets: LockedAsset[]): Promise<Groups> {
  if (change.action !== "move") return new Map();
  const to = change.to === null ? [] : [change.to.id];
  const from = assets.flatMap(({ assetGroupId }) => assetGroupId ?? []);
  const groups = new Map((await lockAssetGroups(tx, [...to, ...from])).map((group) => [group.id, group]));
  if (change.to !== null && !groups.has(change.to.id)) unknownDestination();
  return groups;
}

type Difference = Required<Pick<NonNullable<AuditEvent["details"]>, "before" | "after">>;

async function move(
  tx: Database,
  assets: LockedAsset[],
  to: Group | null,
  groups: Groups,
): Promise<Difference[]> {
  await setGroups(tx, assets, to?.id ?? null);
  const left = Map.groupBy(assets, ({ assetGroupId }) => assetGroupId);
  for (const [groupId, some] of left) if (groups.has(groupId)) await addToCount(tx, groupId, -some.length);
  await addToCount(tx, to?.id ?? null, assets.length);
  await announce(tx, "asset-group");
  return assets.map(({ assetGroupId }) => ({
    before: { assetGroup: groups.get(assetGroupId)?.name ?? null },
    after: { assetGroup: groups.get(to?.id ?? null)?.name ?? null },
  }));
}

async function setType(tx: Database, assets: LockedAsset[], type: AssetType | null): Promise<Difference[]> {
  const ids = assets.map(({ id }) => id);
  const hosts = type === null ? await findHosts(tx, ids) : undefined;
  const types = assets.map(
    (asset): NewType => ({
      id: asset.id,
      type: type ?? deriveAssetType({ ...hosts?.get(asset.id), ...parseFacts(asset) }),
      typeSource: type === null ? "derived" : "user",
    }),
  );
  await setTypes(tx, types);
  return assets.map((before, index) => ({
    before: { type: before.type, source: before.typeSource },
    after: { type: types[index]!.type, source: types[index]!.typeSource },
  }));
}

/** Does nothing if the change would change nothing. Throws not-found, input-invalid. */
export async function changeAsset(
  db: Database,
  now: number,
  user: User,
  id: string,
  action: Change<AssetDestination>,
) {
  // Throws not-found, before a new group is created.
  await getAsset(db, user, id);
  await inTransaction(db, async (tx) => {
    const change = await openChange(tx, now, user, action);
    await changeAssets(tx, now, user, change, [{ id, name: "" }]);
  });
  return await getAsset(db, user, id);
}
