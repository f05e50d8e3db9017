// Users change their own name and password.
import type { Account } from "@attacklens/protocol/account.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { SessionUser } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { hashPassword } from "./password.ts";
import { refuseWeakPassword } from "./password-policy.ts";
import { deleteSessionsOf } from "./sessions-store.ts";
import { presentAccount } from "./users.ts";
import { setPasswordHash, updateUserName } from "./users-store.ts";

export async function changeName(
  db: Database,
  now: number,
  user: SessionUser,
  name: string,
): Promise<Account> {
  await inTransaction(db, async (tx) => {
    await updateUserName(tx, user.id, name, now);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "user.renamed",
      entity: { type: "user", id: user.id, name },
      details: { before: { name: user.name }, after: { name } },
    });
  });
  return presentAccount({ ...user, name });
}

/**
 * Sets the password and ends all other sessions of the user, because one of them may be the reason for the
 * change. The caller has checked the current password. Throws input-invalid.
 */
export async function changePassword(
  db: Database,
  now: number,
  user: SessionUser,
  newPassword: string,
): Promise<{ endedSessions: number }> {
  await refuseWeakPassword(newPassword, [user.name, user.email], "newPassword");
  const passwordHash = await hashPassword(newPassword);
  return await inTransaction(db, async (tx) => {
    await setPasswordHash(tx, user.id, passwordHash, now);
    const endedSessions = await deleteSessionsOf(tx, user.id, user.session.id);
    await recordAuditEvent(tx, {
      at: now,
      actor: userActor(user),
      action: "user.password-changed",
      entity: { type: "user", id: user.id, name: user.name },
      details: { endedSessions },
    });
    return { endedSessions };
  });
}
