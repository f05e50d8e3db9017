// People: who may use the console, and the first of them, made with the code of the set-up link.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Account } from "@attacklens/protocol/account.ts";
import { hasPermission, PERMISSIONS, ROLES, type Role } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { type AuditEvent, recordAuditEvent } from "../audit/audit.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { newId } from "../ids.ts";
import type { User } from "../route-handler.ts";
import { hashPassword, refuseWeakPassword } from "./password.ts";
import {
  deleteSetupCode,
  findUser,
  hasUsers,
  insertUser,
  lockSetupCode,
  replaceSetupCode,
} from "./users-store.ts";

export interface NewUser {
  name: string;
  /** Lower case. */
  email: string;
  password: string;
}

const SYSTEM: AuditEvent["actor"] = { type: "system", id: "system", name: "AttackLens" };

/** Undefined for a person who was disabled: a change counts from the next request. */
export async function findActiveUser(db: Database, id: string): Promise<User | undefined> {
  const row = await findUser(db, id);
  const role = ROLES.find((name) => name === row?.role);
  if (!row || !role || row.status !== "active") return undefined;
  return { id: row.id, name: row.name, email: row.email, role };
}

export function presentAccount(user: User): Account {
  const { apiKey, ...person } = user;
  const permissions = PERMISSIONS.filter((permission) => hasPermission(user.role, permission));
  return {
    ...person,
    permissions: apiKey ? permissions.filter((one) => one !== "api-keys:manage") : permissions,
  };
}

/** True while nobody has been made: the console then shows set-up instead of sign-in. */
export async function isSetupNeeded(db: Database): Promise<boolean> {
  return !(await hasUsers(db));
}

/** Makes the code of the set-up link, which replaces the one before; undefined when set-up is over. */
export async function issueSetupCode(db: Database): Promise<string | undefined> {
  if (!(await isSetupNeeded(db))) return undefined;
  const code = randomBytes(24).toString("base64url");
  await replaceSetupCode(db, hashCode(code));
  return code;
}

/** Makes the first Super Admin and ends set-up. Throws setup-closed, input-invalid for a weak password. */
export async function completeSetup(db: Database, now: number, code: string, person: NewUser): Promise<void> {
  if (!(await isSetupNeeded(db))) throw setupClosed();
  refuseWeakPassword(person.password, [person.name, person.email]);
  const passwordHash = await hashPassword(person.password);
  await inTransaction(db, async (tx) => {
    const valid = await lockSetupCode(tx);
    if (valid === undefined || !isEqual(valid, hashCode(code)) || (await hasUsers(tx))) throw setupClosed();
    await deleteSetupCode(tx);
    await makeUser(tx, now, person, "super-admin", passwordHash);
  });
}

/** Makes a person from the command line of the server. Throws input-invalid, name-taken. */
export async function createUser(db: Database, now: number, person: NewUser, role: Role): Promise<string> {
  refuseWeakPassword(person.password, [person.name, person.email]);
  const passwordHash = await hashPassword(person.password);
  try {
    return await inTransaction(db, (tx) => makeUser(tx, now, person, role, passwordHash));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new Problem("name-taken", `Cannot create user: ${person.email} has an account already`, {
      cause: error,
    });
  }
}

async function makeUser(
  tx: Database,
  now: number,
  { name, email }: NewUser,
  role: Role,
  passwordHash: string,
) {
  const id = newId("user");
  const user = {
    id,
    name,
    email,
    emailVerified: 0,
    image: null,
    role,
    status: "active" as const,
    lastSignInAt: null,
    createdAt: now,
    updatedAt: now,
  };
  await insertUser(tx, user, passwordHash, Bun.randomUUIDv7());
  await recordAuditEvent(tx, {
    at: now,
    actor: SYSTEM,
    action: "user.created",
    entity: { type: "user", id },
    details: { email, role },
  });
  return id;
}

function setupClosed(): Problem {
  return new Problem(
    "setup-closed",
    "This set-up link is not valid: set-up is over, or a later start of the server printed a new link",
  );
}

function hashCode(code: string): string {
  return createHash("sha256").update(code).digest("hex");
}

function isEqual(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
