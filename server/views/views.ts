// Saved views of lists: their owners change them. Shared ones are seen by everyone who can read the list, and
// only what happens to those is an audit event.
import type { Can } from "@attacklens/protocol/page.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { RouteInput } from "@attacklens/protocol/route.ts";
import {
  type createView as createRoute,
  MAX_SHARED_VIEWS_OF_LIST,
  MAX_VIEWS_OF_USER,
  searchMistake,
  searchText,
  type updateView as updateRoute,
  VIEW_LISTS,
  type View,
  type ViewList,
  viewListPermission,
} from "@attacklens/protocol/views.ts";
import { type AuditEvent, recordAuditEvent, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { nameKey, toInstant } from "../ids.ts";
import { permissionObstacle, permitted } from "../permitted.ts";
import {
  countSharedViews,
  countViewsOfUser,
  deletePrivateViewRows,
  deleteViewRow,
  findView,
  insertView,
  lockOwner,
  lockView,
  updateViewRow,
  type ViewRow,
  viewsOfList,
} from "./views-store.ts";

const ALLOWED: Can = { allowed: true };

function canUpdate(user: User, row: ViewRow): Can {
  if (row.createdBy !== user.id) return { allowed: false, reason: "Only its owner can change the view" };
  return row.isShared === 1 ? canShare(user) : ALLOWED;
}

const canShare = (user: User) => permitted(user, "views:share", ["share"], () => undefined).share;

function canDelete(user: User, row: ViewRow): Can {
  if (row.createdBy === user.id) return ALLOWED;
  return permitted(user, "views:manage", ["delete"], () => undefined).delete;
}

function requireCan({ allowed, reason }: Can): void {
  if (!allowed) throw new Problem("permission-missing", reason ?? "Your role is too low");
}

function requireReader(user: User, list: ViewList): void {
  const obstacle = permissionObstacle(user, viewListPermission(list));
  if (obstacle) throw new Problem("permission-missing", obstacle);
}

function present(row: ViewRow, user: User): View {
  return {
    id: row.id,
    list: listOf(row)!,
    name: row.name,
    search: row.search,
    isShared: row.isShared === 1,
    isOwn: row.createdBy === user.id,
    owner: row.owner,
    updatedAt: toInstant(row.updatedAt),
    can: { update: canUpdate(user, row), delete: canDelete(user, row) },
  };
}

/** Undefined: a list of another release. */
const listOf = (row: ViewRow) => VIEW_LISTS.find((list) => list === row.list);

/** Throws permission-missing. */
export async function listViews(db: Database, user: User, list: ViewList): Promise<{ items: View[] }> {
  requireReader(user, list);
  return { items: (await viewsOfList(db, list, user.id)).map((row) => present(row, user)) };
}

/** Throws permission-missing, input-invalid, name-taken, state-conflict, and what `createOnce` throws. */
export async function createView(
  db: Database,
  now: number,
  user: User,
  body: RouteInput<typeof createRoute>["body"],
  idempotency?: IdempotentRequest,
): Promise<View> {
  const { list, name, isShared } = body;
  requireReader(user, list);
  if (isShared) requireCan(canShare(user));
  const search = readSearch(list, body.search);
  const id = await refuseTakenName(name, () =>
    createOnce(db, now, idempotency, {
      noun: "view",
      async create(tx, id) {
        await requireRoom(tx, user);
        if (isShared) await requireSharedRoom(tx, list);
        const dates = { createdAt: now, createdBy: user.id, updatedAt: now };
        const shared = isShared ? 1 : 0;
        await insertView(tx, { id, list, name, nameKey: nameKey(name), search, isShared: shared, ...dates });
        if (isShared) await record(tx, now, user, "view.shared", { id, name }, { after: { list, search } });
        return id;
      },
      async repeat(tx, id) {
        if (!(await lockView(tx, id))) throw cannotRepeat("view", "was deleted");
        return id;
      },
    }),
  );
  return present((await findView(db, id))!, user);
}

/** Throws not-found, permission-missing, input-invalid, name-taken, state-conflict. */
export async function updateView(
  db: Database,
  now: number,
  user: User,
  id: string,
  change: RouteInput<typeof updateRoute>["body"],
): Promise<View> {
  await refuseTakenName(change.name ?? "", () =>
    inTransaction(db, async (tx) => {
      const row = await lockVisible(tx, user, id);
      const list = listOf(row)!;
      requireCan(canUpdate(user, row));
      const before = { name: row.name, search: row.search, isShared: row.isShared === 1 };
      const search = change.search === undefined ? row.search : readSearch(list, change.search);
      const after = { name: change.name ?? row.name, search, isShared: change.isShared ?? before.isShared };
      if (after.isShared && !before.isShared) {
        requireCan(canShare(user));
        await requireSharedRoom(tx, list);
      }
      if (JSON.stringify(before) === JSON.stringify(after)) return;
      const { name, isShared } = after;
      const columns = { name, nameKey: nameKey(name), search, isShared: isShared ? 1 : 0, updatedAt: now };
      await updateViewRow(tx, id, columns);
      const details = { before: { ...before }, after: { ...after } };
      if (before.isShared && isShared) await record(tx, now, user, "view.changed", { id, name }, details);
      else if (before.isShared) await record(tx, now, user, "view.unshared", { id, name }, { list });
      else if (isShared)
        await record(tx, now, user, "view.shared", { id, name }, { after: { list, search } });
    }),
  );
  return present((await findView(db, id))!, user);
}

/** Throws not-found, permission-missing. */
export async function deleteView(db: Database, now: number, user: User, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const row = await lockVisible(tx, user, id);
    requireCan(canDelete(user, row));
    await deleteViewRow(tx, id);
    const { name, list, search, owner } = row;
    if (row.isShared === 1)
      await record(tx, now, user, "view.deleted", { id, name }, { before: { list, search }, owner });
  });
}

/** Deletes what only this user can see. Their shared views stay, because others use them. */
export async function deletePrivateViews(tx: Database, userId: string): Promise<void> {
  await deletePrivateViewRows(tx, userId);
}

/** Throws not-found for what the user cannot see, so that its existence remains unknown. */
async function lockVisible(tx: Database, user: User, id: string): Promise<ViewRow> {
  const row = await lockView(tx, id);
  const list = row && listOf(row);
  const isVisible =
    list !== undefined &&
    (row?.createdBy === user.id || row?.isShared === 1) &&
    permissionObstacle(user, viewListPermission(list)) === undefined;
  if (!row || !isVisible) throw new Problem("not-found", `There is no view ${id}`);
  return row;
}

/** Returns the search in its one order. Throws input-invalid. */
function readSearch(list: ViewList, text: string): string {
  const mistake = searchMistake(list, text);
  if (mistake)
    throw new Problem("input-invalid", `The view is not valid: search ${mistake}`, {
      fields: { search: mistake },
    });
  return searchText(Object.fromEntries(new URLSearchParams(text)));
}

async function requireRoom(tx: Database, user: User): Promise<void> {
  if (!(await lockOwner(tx, user.id)))
    throw new Problem("permission-missing", "Your account can no longer save views");
  if ((await countViewsOfUser(tx, user.id)) >= MAX_VIEWS_OF_USER)
    throw tooMany(`You have ${MAX_VIEWS_OF_USER} views`);
}

async function requireSharedRoom(tx: Database, list: ViewList): Promise<void> {
  if ((await countSharedViews(tx, list)) >= MAX_SHARED_VIEWS_OF_LIST)
    throw tooMany(`The list has ${MAX_SHARED_VIEWS_OF_LIST} shared views`);
}

const tooMany = (what: string) =>
  new Problem("state-conflict", `${what}, which is the limit. Delete one that is no longer used.`);

async function record(
  tx: Database,
  at: number,
  user: User,
  action: AuditEvent["action"],
  { id, name }: { id: string; name: string },
  details: NonNullable<AuditEvent["details"]>,
): Promise<void> {
  await recordAuditEvent(tx, {
    at,
    actor: userActor(user),
    action,
    entity: { type: "view", id, name },
    details,
  });
}

async function refuseTakenName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Another of your views of this list is named "${name}"`, {
      cause: error,
      fields: { name: "is already in use by another of your views" },
      extras: { name },
    });
  }
}
