// Sign-in, sign-out, and the sessions between them.
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { HttpRequest, SessionUser, User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { type AddressGroup, addressGroup } from "../networks.ts";
import { type AuthOptions, openAuth } from "./auth.ts";
import { openFailedSignIns } from "./failed-sign-ins.ts";
import { openPasswordCheck, wrongPassword } from "./password-check.ts";
import { type AttemptCounts, countAttempts } from "./rate-limit.ts";
import { isRecent, LAST_USE_MS, MAX_SESSION_MS } from "./sessions.ts";
import { confirmSession, deleteSession, findSessionUser, updateSessionUse } from "./sessions-store.ts";
import { openSignInAddresses, rememberSignInAddress } from "./sign-in-addresses.ts";
import { findActiveUser, userOfRow } from "./users.ts";
import { updateLastSignIn } from "./users-store.ts";

interface SignedIn {
  user: User;
  /** `Set-Cookie` values for the reply. */
  cookies: string[];
}

export interface SignInOptions extends AuthOptions {
  now: () => number;
  /** Absent: this process counts. */
  attempts?: AttemptCounts | undefined;
  /** The processes of the server. Each checks its share of the passwords. */
  processes?: number;
}

type Client = Pick<HttpRequest, "headers" | "address">;

export function openSignIn(db: Database, options: SignInOptions) {
  const { now, attempts = countAttempts(now), processes } = options;
  const auth = openAuth(db, options);
  const addresses = openSignInAddresses(db, now);
  const failures = openFailedSignIns(db, now);
  const checkPassword = openPasswordCheck(db, { attempts, addresses, failures, processes });

  return {
    /** Writes the failed sign-ins to the audit log. `isLast`: all of them, before the server stops. */
    flushFailures: failures.flush,

    /** The clock of sessions. */
    now,

    /**
     * Returns the user of the request's cookie, and `Set-Cookie` values for the reply if the session was
     * prolonged.
     */
    async findSession({ headers, address }: Client): Promise<SignedIn | undefined> {
      if (!headers.has("cookie")) return undefined;
      const found = await auth.findSession(headers);
      if (!found) return undefined;
      const { id } = found.session;
      const at = now();
      if (found.session.createdAt.getTime() + MAX_SESSION_MS <= at) {
        await deleteSession(db, id);
        return undefined;
      }
      const row = await findSessionUser(db, id);
      const user = row && userOfRow(row);
      if (!row || !user) return undefined;
      if (row.lastUsedAt === null || row.lastUsedAt <= at - LAST_USE_MS)
        await updateSessionUse(db, id, at, address);
      return { user: { ...user, session: { id, isRecent: isRecent(row, at) } }, cookies: found.cookies };
    },

    /** Throws wrong-credentials, too-many-requests. */
    async signIn(email: string, password: string, { headers, address }: Client): Promise<SignedIn> {
      const checked = await checkPassword(email, password, address);
      const user = checked && (await findActiveUser(db, checked.userId));
      if (!user) throw new Problem("wrong-credentials", "Cannot sign in: incorrect email or password");
      const cookies = await auth.startSession(user.id, headers, address);
      const group = addressGroup(address);
      await recordSession(db, now(), { ...user, address }, "user.signed-in", group);
      addresses.add(group.address);
      return { user, cookies };
    },

    /** Throws input-invalid for the field if the user's password is another one, and too-many-requests. */
    async requirePassword(user: User, password: string, field: string, { address }: Client): Promise<void> {
      if (!(await checkPassword(user.email, password, address))) throw wrongPassword(field);
    },

    /** The session counts as a recent sign-in from now on. */
    async confirm(user: SessionUser): Promise<void> {
      await inTransaction(db, async (tx) => {
        await confirmSession(tx, user.session.id, now());
        const entity = { type: "user", id: user.id, name: user.name } as const;
        await recordAuditEvent(tx, { at: now(), actor: userActor(user), action: "user.confirmed", entity });
      });
    },

    /** Ends the session on the server. Returns the `Set-Cookie` values that delete the cookies. */
    async signOut(user: User, headers: Headers): Promise<string[]> {
      const cookies = await auth.endSession(headers);
      await recordSession(db, now(), user, "user.signed-out");
      return cookies;
    },
  };
}

async function recordSession(
  db: Database,
  at: number,
  user: User,
  action: "user.signed-in" | "user.signed-out",
  signedInFrom?: AddressGroup,
) {
  await inTransaction(db, async (tx) => {
    if (signedInFrom) {
      await updateLastSignIn(tx, user.id, at);
      await rememberSignInAddress(tx, signedInFrom.address, at);
    }
    const entity = { type: "user", id: user.id, name: user.name } as const;
    await recordAuditEvent(tx, { at, actor: userActor(user), action, entity });
  });
}
