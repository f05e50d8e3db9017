// Saved views in SQL.
import { lockRows } from "../db/dialect.ts";
import type { Database, SavedViewTable } from "../db/schema.ts";

function views(db: Database) {
  return db
    .selectFrom("savedView")
    .innerJoin("user", "user.id", "savedView.createdBy")
    .selectAll("savedView")
    .select("user.name as owner");
}

export type ViewRow = NonNullable<Awaited<ReturnType<typeof findView>>>;

/** The user's views of the list, and those that are shared. */
export async function viewsOfList(db: Database, list: string, userId: string) {
  return await views(db)
    .where("savedView.list", "=", list)
    .where((or) => or.or([or("savedView.createdBy", "=", userId), or("savedView.isShared", "=", 1)]))
    .orderBy("savedView.nameKey")
    .orderBy("savedView.id")
    .execute();
}

export async function findView(db: Database, id: string) {
  return await views(db).where("savedView.id", "=", id).executeTakeFirst();
}

/** Locks the view's row until the transaction ends. */
export async function lockView(tx: Database, id: string) {
  await lockRows(tx, tx.selectFrom("savedView").select("id").where("id", "=", id)).execute();
  return await findView(tx, id);
}

/**
 * Locks the row of an active user until the transaction ends, so that the number of their views stays, and
 * they are not deleted. Returns whether there is one.
 */
export async function lockOwner(tx: Database, userId: string): Promise<boolean> {
  const owner = tx.selectFrom("user").select("id").where("id", "=", userId).where("status", "=", "active");
  return (await lockRows(tx, owner).executeTakeFirst()) !== undefined;
}

export async function countViewsOfUser(tx: Database, userId: string): Promise<number> {
  const query = tx.selectFrom("savedView").where("createdBy", "=", userId);
  const { count } = await query.select((eb) => eb.fn.countAll().as("count")).executeTakeFirstOrThrow();
  return Number(count);
}

export async function countSharedViews(tx: Database, list: string): Promise<number> {
  const query = tx.selectFrom("savedView").where("list", "=", list).where("isShared", "=", 1);
  const { count } = await query.select((eb) => eb.fn.countAll().as("count")).executeTakeFirstOrThrow();
  return Number(count);
}

export async function insertView(tx: Database, view: SavedViewTable): Promise<void> {
  await tx.insertInto("savedView").values(view).execute();
}

export async function updateViewRow(
  tx: Database,
  id: string,
  columns: Pick<SavedViewTable, "name" | "nameKey" | "search" | "isShared" | "updatedAt">,
): Promise<void> {
  await tx.updateTable("savedView").set(columns).where("id", "=", id).execute();
}

export async function deleteViewRow(tx: Database, id: string): Promise<void> {
  await tx.deleteFrom("savedView").where("id", "=", id).execute();
}

/** Deletes the user's views that are not shared. */
export async function deletePrivateViewRows(tx: Database, userId: string): Promise<void> {
  await tx.deleteFrom("savedView").where("createdBy", "=", userId).where("isShared", "=", 0).execute();
}
