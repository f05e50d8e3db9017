// Decides which changes of a user are possible, and presents users with these decisions. The console and the
// command line use the same table.
import { type Permission, ROLES, type Role } from "@attacklens/protocol/permissions.ts";
import { USER_ACTIONS, type UserAction, type User as WireUser } from "@attacklens/protocol/users.ts";
import { type AuditEvent, OPERATOR_ACTOR, userActor } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import { toInstant } from "../ids.ts";
import { permitted } from "../permitted.ts";
import type { UserRow } from "./user-list-store.ts";

/** A Super Admin, or the operator of the server with the command line. */
export interface UserEditor {
  /** Null: the operator. */
  id: string | null;
  actor: AuditEvent["actor"];
}

export const OPERATOR: UserEditor = {
  id: null,
  actor: OPERATOR_ACTOR,
};

export function editorOf(user: User): UserEditor {
  return { id: user.id, actor: userActor(user) };
}

const PERMISSION: Permission = "users:manage";
export const HIGHEST_ROLE: Role = ROLES.at(-1)!;

const CANNOT: Record<UserAction, string> = {
  changeRole: "Can't change the role",
  disable: "Can't disable the user",
  enable: "Can't enable the user",
  reset: "Can't reset the password",
  renew: "Can't renew the invitation",
  delete: "Can't delete the user",
};

/** The actions that take permissions away. The last Super Admin keeps them. */
const WEAKENING: readonly UserAction[] = ["changeRole", "disable", "delete"];
/** A user who did these to the own account could not undo them. */
const NOT_ON_ONESELF: readonly UserAction[] = ["changeRole", "disable", "delete", "reset"];

/**
 * Returns a sentence with the reason why the action is impossible, or undefined if it is possible.
 * `superAdmins`: the number of active Super Admins.
 */
export function userObstacle(
  action: UserAction,
  user: Pick<UserRow, "id" | "role" | "status">,
  { editorId, superAdmins }: { editorId: string | null; superAdmins: number },
): string | undefined {
  const reason = reasonAgainst(action, user, editorId, superAdmins);
  return reason && `${CANNOT[action]}: ${reason}`;
}

function reasonAgainst(
  action: UserAction,
  { id, role, status }: Pick<UserRow, "id" | "role" | "status">,
  editorId: string | null,
  superAdmins: number,
): string | undefined {
  const isLast = status === "active" && role === HIGHEST_ROLE && superAdmins <= 1;
  if (isLast && WEAKENING.includes(action))
    return "this is the only active Super Admin. Make another user a Super Admin first.";
  if (id === editorId && action === "reset")
    return "this is your own account. Change your password on your account page.";
  if (id === editorId && NOT_ON_ONESELF.includes(action))
    return "this is your own account. Ask another Super Admin.";
  if (action === "renew" && status !== "invited") return "the user has accepted it.";
  if (action === "enable" && status !== "disabled") return "the user is not disabled.";
  if (action === "disable" && status === "disabled") return "the user is already disabled.";
  if (action === "disable" && status === "invited")
    return "the user has not accepted the invitation yet. Withdraw the invitation instead.";
  if (action === "reset" && status === "invited")
    return "the user has not accepted the invitation yet. Renew the invitation instead.";
  if (action === "reset" && status === "disabled") return "the user is disabled. Enable the user first.";
  return undefined;
}

/** `user`: the caller. */
export function presentUser(row: UserRow, user: User, superAdmins: number): WireUser {
  const state = { editorId: user.id, superAdmins };
  return {
    ...presentFacts(row),
    can: permitted(user, PERMISSION, USER_ACTIONS, (action) => userObstacle(action, row, state)),
  };
}

/** The same for the command line, which has no caller. */
export function presentFacts(row: UserRow): Omit<WireUser, "can"> {
  const { id, name, email, status } = row;
  return {
    ...{ id, name, email, status },
    role: ROLES.find((one) => one === row.role) ?? "viewer",
    lastSignInAt: toInstant(row.lastSignInAt),
    createdAt: toInstant(row.createdAt),
    invitationExpiresAt: status === "invited" ? toInstant(row.invitationExpiresAt) : null,
    apiKeys: Number(row.apiKeys),
  };
}
