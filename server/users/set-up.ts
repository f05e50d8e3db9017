// Set-up: the code in the set-up link creates the first Super Admin, once.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvent, SYSTEM_ACTOR } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { addressGroup } from "../networks.ts";
import { seal, unseal } from "../sealed.ts";
import { type AttemptCounts, beginAttempt } from "./rate-limit.ts";
import { hashNewPassword, makeUser, type NewUser } from "./users.ts";
import { addSetupCode, deleteSetupCode, findSetupCode, hasUsers, lockSetupCode } from "./users-store.ts";

interface Installation {
  db: Database;
  secret: string;
}

const PURPOSE = "set-up code";

/** Returns true while no user exists. The console then shows set-up instead of sign-in. */
export async function isSetupNeeded(db: Database): Promise<boolean> {
  return !(await hasUsers(db));
}

/**
 * Returns the code of the set-up link. It is the same for all servers of the database and all their starts,
 * so that each link that one of them printed works. Returns undefined if set-up is complete.
 */
export async function issueSetupCode({ db, secret }: Installation, now: number): Promise<string | undefined> {
  if (!(await isSetupNeeded(db))) return undefined;
  const added = seal(secret, PURPOSE, Buffer.from(randomBytes(24).toString("base64url")));
  return await inTransaction(db, async (tx) => {
    await addSetupCode(tx, added);
    await recordAuditEvent(tx, {
      ...{ at: now, actor: SYSTEM_ACTOR, action: "setup-link.shown" },
      entity: { type: "setup-link", id: "setup-link", name: "Set-up link" },
    });
    return openCode(secret, await findSetupCode(tx));
  });
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
  { db, secret }: Installation,
  now: number,
  code: string,
  person: NewUser,
  onWrongCode: () => Promise<void>,
): Promise<void> {
  if (!(await isSetupNeeded(db))) throw setupClosed();
  if (!isCode(code, openCode(secret, await findSetupCode(db)))) {
    await onWrongCode();
    throw setupClosed();
  }
  const passwordHash = await hashNewPassword(person.password, [person.name, person.email]);
  await inTransaction(db, async (tx) => {
    if ((await lockSetupCode(tx)) === undefined || (await hasUsers(tx))) throw setupClosed();
    await deleteSetupCode(tx);
    await makeUser(tx, now, person, "super-admin", passwordHash);
  });
}

function setupClosed(): Problem {
  return new Problem("setup-closed", "This set-up link is not valid, or set-up is already complete");
}

function openCode(secret: string, sealed: string | undefined): string | undefined {
  return sealed === undefined ? undefined : Buffer.from(unseal(secret, PURPOSE, sealed)).toString();
}

/** Compares the code in constant time. */
function isCode(given: string, code: string | undefined): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(code ?? "")];
  return code !== undefined && one.length === other.length && timingSafeEqual(one, other);
}
