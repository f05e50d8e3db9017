// Users of the console.
import type { Account } from "@attacklens/protocol/account.ts";
import {
  hasPermission,
  PERMISSIONS,
  ROLES,
  type Role,
  USER_PERMISSIONS,
} from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { type AuditEvent, OPERATOR_ACTOR, recordAuditEvent, SYSTEM_ACTOR } from "../audit/audit.ts";
import type { User } from "../caller.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database, UserTable } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { nameKey, newId } from "../ids.ts";
import { hashPassword } from "./password.ts";
import { refuseWeakPassword } from "./password-policy.ts";
import { findUser, insertUser, setPasswordHash } from "./users-store.ts";

export interface NewUser {
  name: string;
  /** Lower case. */
  email: string;
  password: string;
}

/** Returns undefined for a disabled user, so that a change takes effect at the next request. */
export async function findActiveUser(db: Database, id: string): Promise<User | undefined> {
  const row = await findUser(db, id);
  return row && userOfRow(row);
}

/** Returns undefined for a disabled user. */
export function userOfRow(
  row: Pick<UserTable, "id" | "name" | "email" | "role" | "status">,
): User | undefined {
  const role = ROLES.find((name) => name === row.role);
  if (!role || row.status !== "active") return undefined;
  return { id: row.id, name: row.name, email: row.email, role };
}

export function presentAccount(user: User): Account {
  const { id, name, email, role, apiKey, lacksSecondFactor } = user;
  const permissions = PERMISSIONS.filter((permission) => hasPermission(role, permission));
  return {
    ...{ id, name, email, role },
    mustAddSecondFactor: lacksSecondFactor === true,
    permissions: apiKey ? permissions.filter((one) => !USER_PERMISSIONS.includes(one)) : permissions,
  };
}

/** Creates a user from the command line of the server. Throws input-invalid, name-taken. */
export async function createUser(db: Database, now: number, person: NewUser, role: Role): Promise<string> {
  const passwordHash = await hashNewPassword(person.password, [person.name, person.email]);
  try {
    return await inTransaction(db, (tx) => makeUser(tx, now, person, role, passwordHash, OPERATOR_ACTOR));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Cannot create user: ${person.email} has an account already`, {
      cause: error,
      extras: { name: person.email },
    });
  }
}

/** `known`: the user's name and email. Throws input-invalid for a weak password. */
export async function hashNewPassword(password: string, known: string[]): Promise<string> {
  await refuseWeakPassword(password, known);
  return await hashPassword(password);
}

/** Inserts the user and writes the audit event. */
export async function makeUser(
  tx: Database,
  now: number,
  { name, email }: NewUser,
  role: Role,
  passwordHash: string,
  actor: AuditEvent["actor"] = SYSTEM_ACTOR,
) {
  const id = newId("user");
  const user = {
    id,
    name,
    nameKey: nameKey(name),
    email,
    emailVerified: 0,
    image: null,
    role,
    status: "active" as const,
    lastSignInAt: null,
    createdAt: now,
    updatedAt: now,
  };
  await insertUser(tx, user);
  await setPasswordHash(tx, id, passwordHash, now);
  await recordAuditEvent(tx, {
    at: now,
    actor,
    action: "user.created",
    entity: { type: "user", id, name },
    details: { after: { name, email, role } },
  });
  return id;
}
