// Asset groups: list, create, rename and delete them.
import type { AssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { nameKey, newId, toInstant } from "../ids.ts";
import { permitted } from "../permitted.ts";
import {
  findGroup,
  findGroupBy,
  type GroupPage,
  insertGroup,
  insertGroupUnlessNamed,
  lockGroup,
  lockGroupNamed,
  lockGroups,
  markGroupDeleted,
  pageOfGroups,
  updateGroupName,
} from "./asset-groups-store.ts";

type GroupRow = NonNullable<Awaited<ReturnType<typeof findGroup>>>;

function present(row: GroupRow, user: User): AssetGroup {
  return {
    id: row.id,
    name: row.name,
    createdAt: toInstant(row.createdAt),
    createdBy: row.createdBy,
    assets: Number(row.assets),
    enrollmentTokens: Number(row.enrollmentTokens),
    // No state of a group prevents an action.
    can: permitted(user, "assets:manage", ["rename", "delete"], () => undefined),
  };
}

export async function listAssetGroups(db: Database, now: number, user: User, query: GroupPage) {
  const { rows, ...page } = await pageOfGroups(db, now, query);
  return { items: rows.map((row) => present(row, user)), ...page };
}

/** Throws not-found. */
export async function getAssetGroup(db: Database, now: number, user: User, id: string): Promise<AssetGroup> {
  const row = await findGroup(db, now, id);
  if (!row) throw notFound(id);
  return present(row, user);
}

/** Throws name-taken, and what `createOnce` throws. */
export async function createAssetGroup(
  db: Database,
  now: number,
  user: User,
  name: string,
  idempotency?: IdempotentRequest,
): Promise<AssetGroup> {
  const id = await refuseTakenName(name, () =>
    createOnce(db, now, idempotency, {
      noun: "assetGroup",
      create: (tx, id) => insertNewGroup(tx, now, user, { id, name }),
      async repeat(tx, id) {
        if (!(await lockGroup(tx, id))) throw cannotRepeat("asset group", "was deleted");
        return id;
      },
    }),
  );
  return await getAssetGroup(db, now, user, id);
}

async function insertNewGroup(
  tx: Database,
  now: number,
  user: User,
  { id, name }: { id: string; name: string },
): Promise<string> {
  await insertGroup(tx, newGroup(now, user, { id, name }));
  await recordCreation(tx, now, user, { id, name });
  return id;
}

/** Returns the group with the name, which it creates if there is none, and locks it. */
export async function findOrCreateGroup(
  tx: Database,
  now: number,
  user: User,
  name: string,
): Promise<{ id: string; name: string }> {
  const found = await lockGroupNamed(tx, nameKey(name));
  if (found) return found;
  const id = newId("assetGroup");
  if (await insertGroupUnlessNamed(tx, newGroup(now, user, { id, name }))) {
    await recordCreation(tx, now, user, { id, name });
    return { id, name };
  }
  // Another request has created it.
  return await findOrCreateGroup(tx, now, user, name);
}

function newGroup(now: number, user: User, { id, name }: { id: string; name: string }) {
  return {
    ...{ id, name, nameKey: nameKey(name) },
    ...{ createdAt: now, createdBy: user.id, deletedAt: null, assets: 0 },
  };
}

async function recordCreation(
  tx: Database,
  now: number,
  user: User,
  { id, name }: { id: string; name: string },
): Promise<void> {
  await recordAuditEvent(tx, {
    at: now,
    actor: userActor(user),
    action: "asset-group.created",
    entity: { type: "asset-group", id, name },
    details: { after: { name } },
  });
}

/** Throws not-found, name-taken. */
export async function renameAssetGroup(db: Database, now: number, user: User, id: string, name: string) {
  await refuseTakenName(name, () =>
    inTransaction(db, async (tx) => {
      const group = await lockGroup(tx, id);
      if (!group) throw notFound(id);
      if (group.name === name) return;
      await updateGroupName(tx, id, name, nameKey(name));
      await recordAuditEvent(tx, {
        at: now,
        actor: userActor(user),
        action: "asset-group.renamed",
        entity: { type: "asset-group", id, name },
        details: { before: { name: group.name }, after: { name } },
      });
    }),
  );
  return await getAssetGroup(db, now, user, id);
}

/** Its assets stay, without a group. Tokens that are scoped to it admit no more sensors. Throws not-found. */
export async function deleteAssetGroup(db: Database, now: number, user: User, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const group = await lockGroup(tx, id);
    if (!group) throw notFound(id);
    await markGroupDeleted(tx, id, now);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "asset-group.deleted",
      entity: { type: "asset-group", id, name: group.name },
      details: { before: { name: group.name }, assets: group.assets },
    });
  });
}

/** Locks the group until the transaction ends. Returns undefined if it does not exist or is deleted. */
export async function lockAssetGroup(
  tx: Database,
  id: string,
): Promise<{ id: string; name: string } | undefined> {
  const group = await lockGroup(tx, id);
  return group && { id: group.id, name: group.name };
}

/** Locks those of the groups that exist until the transaction ends. */
export async function lockAssetGroups(tx: Database, ids: readonly string[]) {
  return await lockGroups(tx, ids);
}

/** Returns the group with the id or with the name. */
export async function findAssetGroup(db: Database, by: { id: string } | { name: string }) {
  return await findGroupBy(db, "id" in by ? by : { nameKey: nameKey(by.name) });
}

function notFound(id: string): Problem {
  return new Problem("not-found", `There is no asset group ${id}`);
}

async function refuseTakenName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Another asset group is named "${name}"`, {
      cause: error,
      fields: { name: "is already in use by another asset group" },
      extras: { name },
    });
  }
}
