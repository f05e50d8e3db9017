// Invites users and changes them, for a Super Admin or for the operator of the server. All changes lock the
// same row, and decide inside the transaction, so at least one active Super Admin always remains.
import type { CreatedLink } from "@attacklens/protocol/one-time-links.ts";
import { hasPermission, type Role } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { UserAction } from "@attacklens/protocol/users.ts";
import { type AuditEvent, recordAuditEvent } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { cannotRepeat, createOnce, type IdempotentRequest } from "../idempotency.ts";
import { nameKey } from "../ids.ts";
import { requirePossible } from "../permitted.ts";
import { deletePrivateViews } from "../views/views.ts";
import { issueLink } from "./one-time-links.ts";
import { withdrawLinks } from "./one-time-links-store.ts";
import { deleteSessionsOf } from "./sessions-store.ts";
import { countActiveUsers, findListedUser, type UserRow, updateUserRow } from "./user-list-store.ts";
import { HIGHEST_ROLE, type UserEditor, userObstacle } from "./user-rules.ts";
import { findActiveUser } from "./users.ts";
import { deletePasswordHash, insertUser, lockUserChanges } from "./users-store.ts";

export interface Invited {
  id: string;
  link: CreatedLink;
}

/** Throws name-taken, and what `createOnce` throws. */
export async function inviteUser(
  db: Database,
  now: number,
  editor: UserEditor,
  { name, email, role }: { name: string; email: string; role: Role },
  idempotency?: IdempotentRequest,
): Promise<Invited> {
  const steps = {
    noun: "user",
    async create(tx: Database, id: string): Promise<Invited> {
      await lockForEditor(tx, editor);
      const key = nameKey(name);
      const dates = { lastSignInAt: null, createdAt: now, updatedAt: now };
      const person = { id, name, nameKey: key, email, emailVerified: 0, image: null, role };
      await insertUser(tx, { ...person, status: "invited", ...dates });
      const link = await issueLink(tx, now, editor, id, "invitation");
      await record(tx, now, editor, "user.invited", { id, name, email }, { role, ...shown(editor, link) });
      return { id, link };
    },
    async repeat(tx: Database, id: string): Promise<Invited> {
      await lockForEditor(tx, editor);
      const user = await findListedUser(tx, now, id);
      if (!user) throw cannotRepeat("user", "was deleted");
      if (user.status !== "invited") throw cannotRepeat("user", "has accepted the invitation");
      const link = await issueLink(tx, now, editor, id, "invitation");
      const cause = { cause: "request-repeated", ...shown(editor, link) };
      await record(tx, now, editor, "user.invitation-renewed", user, cause);
      return { id, link };
    },
  } as const;
  try {
    return await createOnce(db, now, idempotency, steps);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw emailTaken(email, error);
  }
}

function emailTaken(email: string, cause: unknown): Problem {
  return new Problem("name-taken", `Cannot create the user: ${email} already belongs to a user`, {
    cause,
    fields: { email: "already belongs to a user" },
    extras: { name: email },
  });
}

/** Has no effect if the user has the role. Throws not-found, state-conflict, permission-missing. */
export async function changeRole(db: Database, now: number, editor: UserEditor, id: string, role: Role) {
  await inTransaction(db, async (tx) => {
    const user = await lockUser(tx, now, editor, id);
    if (user.role === role) return;
    await requireAction(tx, editor, user, "changeRole");
    await updateUserRow(tx, id, { role, updatedAt: now });
    await record(tx, now, editor, "user.role-changed", user, {
      before: { role: user.role },
      after: { role },
    });
  });
}

/** The user's sessions end. Throws not-found, state-conflict, permission-missing. */
export async function disableUser(db: Database, now: number, editor: UserEditor, id: string) {
  await inTransaction(db, async (tx) => {
    const user = await lockUser(tx, now, editor, id);
    await requireAction(tx, editor, user, "disable");
    await updateUserRow(tx, id, { status: "disabled", updatedAt: now });
    await deleteSessionsOf(tx, id);
    await withdrawLinks(tx, id, now);
    await record(tx, now, editor, "user.disabled", user, {
      before: { status: user.status },
      after: { status: "disabled" },
    });
  });
}

/** Throws not-found, state-conflict, permission-missing. */
export async function enableUser(db: Database, now: number, editor: UserEditor, id: string) {
  await inTransaction(db, async (tx) => {
    const user = await lockUser(tx, now, editor, id);
    await requireAction(tx, editor, user, "enable");
    await updateUserRow(tx, id, { status: "active", updatedAt: now });
    // A sign-in that ran while the user was disabled can have left a session.
    await deleteSessionsOf(tx, id);
    await record(tx, now, editor, "user.enabled", user, {
      before: { status: user.status },
      after: { status: "active" },
    });
  });
}

/**
 * The row stays with the name, because tokens, groups and other objects refer to it. The email is free again.
 * Throws not-found, state-conflict, permission-missing.
 */
export async function deleteUser(db: Database, now: number, editor: UserEditor, id: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const user = await lockUser(tx, now, editor, id);
    await requireAction(tx, editor, user, "delete");
    await updateUserRow(tx, id, { status: "deleted", email: id, updatedAt: now });
    await deleteSessionsOf(tx, id);
    await deletePasswordHash(tx, id);
    await withdrawLinks(tx, id, now);
    await deletePrivateViews(tx, id);
    const action = user.status === "invited" ? "user.invitation-withdrawn" : "user.deleted";
    await record(tx, now, editor, action, user, { role: user.role });
  });
}

/** Throws not-found, state-conflict, permission-missing. */
export async function renewInvitation(db: Database, now: number, editor: UserEditor, id: string) {
  return await newLink(db, now, editor, id, "renew");
}

/**
 * The password stays valid until the link is used. Throws not-found, state-conflict, permission-missing.
 */
export async function createResetLink(db: Database, now: number, editor: UserEditor, id: string) {
  return await newLink(db, now, editor, id, "reset");
}

async function newLink(
  db: Database,
  now: number,
  editor: UserEditor,
  id: string,
  action: "renew" | "reset",
): Promise<CreatedLink> {
  return await inTransaction(db, async (tx) => {
    const user = await lockUser(tx, now, editor, id);
    await requireAction(tx, editor, user, action);
    const purpose = action === "renew" ? "invitation" : "password-reset";
    const link = await issueLink(tx, now, editor, id, purpose);
    const event = action === "renew" ? "user.invitation-renewed" : "user.reset-link-created";
    await record(tx, now, editor, event, user, shown(editor, link));
    return link;
  });
}

/** Locks the changes of users, and returns the user. Throws not-found, permission-missing. */
async function lockUser(tx: Database, now: number, editor: UserEditor, id: string): Promise<UserRow> {
  await lockForEditor(tx, editor);
  const user = await findListedUser(tx, now, id);
  if (!user) throw new Problem("not-found", `There is no user ${id}`);
  return user;
}

/** Another change can have taken the permission away after the request was authorized. */
async function lockForEditor(tx: Database, { id }: UserEditor): Promise<void> {
  await lockUserChanges(tx);
  if (id === null) return;
  const editor = await findActiveUser(tx, id);
  if (!editor || !hasPermission(editor.role, "users:manage"))
    throw new Problem("permission-missing", "Your account can no longer manage users");
}

async function requireAction(
  tx: Database,
  editor: UserEditor,
  user: UserRow,
  action: UserAction,
): Promise<void> {
  const superAdmins = await countActiveUsers(tx, HIGHEST_ROLE);
  requirePossible(userObstacle(action, user, { editorId: editor.id, superAdmins }));
}

const shown = ({ actor }: UserEditor, { expiresAt }: CreatedLink) => ({
  linkExpiresAt: expiresAt,
  valueShownTo: actor.name,
});

async function record(
  tx: Database,
  at: number,
  { actor }: UserEditor,
  action: AuditEvent["action"],
  { id, name, email }: Pick<UserRow, "id" | "name" | "email">,
  details: AuditEvent["details"] = {},
): Promise<void> {
  const entity = { type: "user", id, name } as const;
  await recordAuditEvent(tx, { at, actor, action, entity, details: { email, ...details } });
}
