// The second factors of a user, and their checks. The secret of an authenticator app is sealed with the
// installation's secret, and recovery codes are stored as hashes: a stolen database contains neither.
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { SessionUser, User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { seal, unseal } from "../sealed.ts";
import { listPasskeysOf } from "./passkeys-store.ts";
import { hashRecoveryCode, newRecoveryCodes } from "./recovery-codes.ts";
import * as store from "./second-factors-store.ts";
import { findTotpStep, newSecret, toBase32, totpUri } from "./totp.ts";

const NO_APP = "You have no authenticator app";

/** Sealed for one user, so that the secret cannot be moved to another one. */
const purposeOf = (userId: string) => `authenticator app ${userId}`;

/** Returns the user's confirmed app. */
async function findApp(db: Database, userId: string) {
  const app = await store.findAuthenticatorApp(db, userId);
  return app && app.confirmedAt !== null ? { ...app, confirmedAt: app.confirmedAt } : undefined;
}

export async function describeFactors(db: Database, user: SessionUser) {
  const app = await findApp(db, user.id);
  return {
    authenticatorApp: app ? { addedAt: toInstant(app.confirmedAt) } : null,
    unusedRecoveryCodes: await store.countUnusedCodes(db, user.id),
  };
}

type Method = "code" | "passkey" | "recoveryCode";

/** The kinds of proof with which a user can complete a sign-in. Empty: the user has no second factor. */
export async function listMethods(db: Database, userId: string): Promise<Method[]> {
  const methods: Method[] = [];
  if (await findApp(db, userId)) methods.push("code");
  if ((await listPasskeysOf(db, userId)).length > 0) methods.push("passkey");
  if (methods.length > 0 && (await store.countUnusedCodes(db, userId)) > 0) methods.push("recoveryCode");
  return methods;
}

/** Throws state-conflict if the user has an app. */
export async function startApp(db: Database, now: number, user: SessionUser, secret: string) {
  const bytes = newSecret();
  await inTransaction(db, async (tx) => {
    await store.lockFactorsOf(tx, user.id);
    if (await findApp(tx, user.id))
      throw new Problem("state-conflict", "You have an authenticator app. Remove it before you add another.");
    const sealedSecret = seal(secret, purposeOf(user.id), bytes);
    await store.putUnconfirmedApp(tx, {
      ...{ userId: user.id, sealedSecret, createdAt: now, confirmedAt: null, lastStep: 0 },
    });
  });
  return { secret: toBase32(bytes), uri: totpUri(bytes, user.email) };
}

/** Returns new recovery codes. Throws state-conflict, and input-invalid for a wrong code. */
export async function confirmApp(
  db: Database,
  now: number,
  user: SessionUser,
  secret: string,
  code: string,
): Promise<{ recoveryCodes: string[] }> {
  return await inTransaction(db, async (tx) => {
    await store.lockFactorsOf(tx, user.id);
    const app = await store.findAuthenticatorApp(tx, user.id);
    if (!app || app.confirmedAt !== null) throw new Problem("state-conflict", "No authenticator app waits");
    if (!(await isValidCode(tx, now, app, secret, code)))
      throw new Problem("input-invalid", "The code is not correct", {
        fields: { code: "is not correct. Check the clock of the phone, and enter the newest code" },
      });
    await store.confirmApp(tx, user.id, now);
    const recoveryCodes = await writeRecoveryCodes(tx, user.id);
    await recordChange(tx, now, user, "user.second-factor-added");
    return { recoveryCodes };
  });
}

/** Throws state-conflict. */
export async function removeApp(db: Database, now: number, user: SessionUser): Promise<void> {
  await inTransaction(db, async (tx) => {
    await store.lockFactorsOf(tx, user.id);
    if (!(await findApp(tx, user.id))) throw new Problem("state-conflict", NO_APP);
    await store.deleteApp(tx, user.id);
    // With a passkey, the recovery codes are still needed.
    if ((await listPasskeysOf(tx, user.id)).length === 0) await store.replaceCodeHashes(tx, user.id, []);
    await recordChange(tx, now, user, "user.second-factor-removed");
  });
}

/** Throws state-conflict. */
export async function replaceRecoveryCodes(db: Database, now: number, user: SessionUser) {
  return await inTransaction(db, async (tx) => {
    await store.lockFactorsOf(tx, user.id);
    if ((await listMethods(tx, user.id)).length === 0)
      throw new Problem("state-conflict", "Recovery codes replace a second factor, and you have none");
    const recoveryCodes = await writeRecoveryCodes(tx, user.id);
    await recordChange(tx, now, user, "user.recovery-codes-replaced");
    return { recoveryCodes };
  });
}

/** Removes all second factors, so that the password suffices. For a user who has lost them. */
export async function removeSecondFactors(tx: Database, userId: string): Promise<void> {
  await store.deleteApp(tx, userId);
  await store.replaceCodeHashes(tx, userId, []);
  await store.deletePasskeysOf(tx, userId);
}

/** Checks a code of the authenticator app or a recovery code. Each is accepted once. */
export async function isValidProof(
  db: Database,
  now: number,
  userId: string,
  secret: string,
  proof: { code: string } | { recoveryCode: string },
): Promise<boolean> {
  if ("code" in proof) {
    const app = await findApp(db, userId);
    return app !== undefined && (await isValidCode(db, now, app, secret, proof.code));
  }
  return await store.useCodeHash(db, userId, hashRecoveryCode(proof.recoveryCode), now);
}

async function isValidCode(
  db: Database,
  now: number,
  { userId, sealedSecret, lastStep }: { userId: string; sealedSecret: string; lastStep: number },
  secret: string,
  code: string,
): Promise<boolean> {
  const step = findTotpStep(unseal(secret, purposeOf(userId), sealedSecret), code, { now, lastStep });
  return step !== undefined && (await store.useTotpStep(db, userId, step));
}

async function writeRecoveryCodes(tx: Database, userId: string): Promise<string[]> {
  const codes = newRecoveryCodes();
  await store.replaceCodeHashes(tx, userId, codes.map(hashRecoveryCode));
  return codes;
}

type FactorAction =
  | "user.second-factor-added"
  | "user.second-factor-removed"
  | "user.recovery-codes-replaced";

async function recordChange(tx: Database, at: number, user: User, action: FactorAction): Promise<void> {
  const entity = { type: "user", id: user.id, name: user.name } as const;
  await recordAuditEvent(tx, { at, actor: userActor(user), action, entity });
}
