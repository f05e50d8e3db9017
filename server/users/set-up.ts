// Set-up: the code in the set-up link creates the first Super Admin, once.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { addressGroup } from "../networks.ts";
import { type AttemptCounts, beginAttempt } from "./rate-limit.ts";
import { hashNewPassword, makeUser, type NewUser } from "./users.ts";
import { deleteSetupCode, findSetupCode, hasUsers, lockSetupCode, replaceSetupCode } from "./users-store.ts";

/** Returns true while no user exists. The console then shows set-up instead of sign-in. */
export async function isSetupNeeded(db: Database): Promise<boolean> {
  return !(await hasUsers(db));
}

/**
 * Creates the code of the set-up link and replaces the previous one. Returns undefined if set-up is complete.
 */
export async function issueSetupCode(db: Database): Promise<string | undefined> {
  if (!(await isSetupNeeded(db))) return undefined;
  const code = randomBytes(24).toString("base64url");
  await replaceSetupCode(db, hashCode(code));
  return code;
}

/**
 * Counts wrong codes by address and in total. The right code is always accepted: its 192 bits cannot be
 * guessed, and an attacker must not be able to prevent the set-up.
 */
export function openSetupAttempts(attempts: AttemptCounts) {
  return {
    /** Counts a wrong set-up code. Throws too-many-requests if there were too many. */
    async countWrongCode(address: string): Promise<void> {
      const { network } = addressGroup(address);
      await beginAttempt(attempts, [
        ["wrongCode", network],
        ["wrongCodeFromAnywhere", "all"],
      ]);
    },
  };
}

/**
 * Creates the first Super Admin and ends set-up. Compares the code before any expensive work. Throws
 * setup-closed, too-many-requests, input-invalid for a weak password.
 */
export async function completeSetup(
  db: Database,
  now: number,
  code: string,
  person: NewUser,
  onWrongCode: () => Promise<void>,
): Promise<void> {
  if (!(await isSetupNeeded(db))) throw setupClosed();
  if (!isCode(code, await findSetupCode(db))) {
    await onWrongCode();
    throw setupClosed();
  }
  const passwordHash = await hashNewPassword(person.password, [person.name, person.email]);
  await inTransaction(db, async (tx) => {
    if (!isCode(code, await lockSetupCode(tx)) || (await hasUsers(tx))) throw setupClosed();
    await deleteSetupCode(tx);
    await makeUser(tx, now, person, "super-admin", passwordHash);
  });
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

/** Compares the code in constant time. */
function isCode(code: string, validHash: string | undefined): boolean {
  if (validHash === undefined) return false;
  return timingSafeEqual(Buffer.from(hashCode(code), "hex"), Buffer.from(validHash, "hex"));
}
