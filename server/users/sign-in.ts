// Sign-in, sign-out, and the sessions between them.
import { Problem } from "@attacklens/protocol/problems.ts";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { HttpRequest, SessionUser, User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { addressGroup } from "../networks.ts";
import { type AuthOptions, openAuth } from "./auth.ts";
import { openFailedSignIns } from "./failed-sign-ins.ts";
import { openPasskeys } from "./passkeys.ts";
import { findPasskey } from "./passkeys-store.ts";
import { openPasswordCheck, wrongPassword } from "./password-check.ts";
import {
  type AttemptCounts,
  type AttemptKey,
  beginAttempt,
  countAttempts,
  countStoredAttempts,
} from "./rate-limit.ts";
import { isValidProof, listMethods } from "./second-factors.ts";
import { isRecent, LAST_USE_MS, MAX_SESSION_MS } from "./sessions.ts";
import { confirmSession, deleteSession, findSessionUser, updateSessionUse } from "./sessions-store.ts";
import { openSignInAddresses, rememberSignInAddress } from "./sign-in-addresses.ts";
import { openSignInSteps } from "./sign-in-steps.ts";
import { findActiveUser, userOfRow } from "./users.ts";
import { findPasswordHash, lockPasswordHash, updateLastSignIn } from "./users-store.ts";

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
  /** Users without a second factor must add one before they can do anything else. */
  requiresSecondFactor?: boolean;
}

/** The password is correct, and the second factor is missing. */
interface SignInStep {
  step: string;
  methods: Awaited<ReturnType<typeof listMethods>>;
}

type FactorProof = Parameters<typeof isValidProof>[4];

type Client = Pick<HttpRequest, "headers" | "address">;

export function openSignIn(db: Database, options: SignInOptions) {
  const { now, attempts = countAttempts(now), processes, secret, requiresSecondFactor = false } = options;
  const codeAttempts = countStoredAttempts(db, now);
  const auth = openAuth(db, options);
  const addresses = openSignInAddresses(db, now);
  const failures = openFailedSignIns(db, now);
  const checkPassword = openPasswordCheck(db, { attempts, addresses, failures, processes });
  const steps = openSignInSteps(secret, now);
  const passkeys = openPasskeys(db, { secret, publicUrl: options.publicUrl, now });

  /** `proof`: what the user has proved, which a change since then makes worthless. */
  async function start(
    user: User,
    client: Client,
    proof: { passwordHash: string } | { credentialId: string },
    details: Record<string, string>,
  ): Promise<SignedIn> {
    const { sessionId, cookies } = await auth.startSession(user.id, client.headers, client.address);
    const { address } = addressGroup(client.address);
    const by = { ...user, address: client.address };
    // A change of the password ends the sessions that it finds. This one may have begun after that. A reset
    // removes the passkeys, too.
    const isCurrent = await inTransaction(db, async (tx) => {
      const currentHash = await lockPasswordHash(tx, user.id);
      const isValid =
        "passwordHash" in proof
          ? currentHash === proof.passwordHash
          : (await findPasskey(tx, proof.credentialId)) !== undefined;
      if (!isValid) {
        await deleteSession(tx, sessionId);
        return false;
      }
      await updateLastSignIn(tx, user.id, now());
      await rememberSignInAddress(tx, address, now());
      await recordSession(tx, now(), by, "user.signed-in", details);
      return true;
    });
    const changed = "passwordHash" in proof ? "password was changed" : "passkey was removed";
    if (!isCurrent) throw new Problem("wrong-credentials", `Cannot sign in: the ${changed}`);
    addresses.add(address);
    const lacksSecondFactor = requiresSecondFactor && Object.keys(details).length === 0;
    return { user: { ...user, lacksSecondFactor }, cookies };
  }

  /**
   * Limits guesses of codes by address and in total, so that many addresses cannot guess together. At the
   * total limit, the user can sign in from a known address or with a recovery code, whose 80 random bits
   * cannot be guessed.
   */
  async function requireFactor(user: User, proof: FactorProof, address: string): Promise<void> {
    const group = addressGroup(address);
    const isExempt = "recoveryCode" in proof || (await addresses.isKnown(group.address));
    const pair: AttemptKey = ["secondFactor", `${group.address} ${user.id}`];
    const keys: AttemptKey[] = isExempt ? [pair] : [pair, ["secondFactorFromAnywhere", user.id]];
    await beginAttempt(codeAttempts, keys).catch((error) => {
      failures.record({ email: user.email, address }, "rate-limited");
      throw error;
    });
    const isValid = await isValidProof(db, now(), user.id, secret, proof).catch(async (error) => {
      await codeAttempts.end(keys, "not-made");
      throw error;
    });
    if (isValid) return await codeAttempts.end(keys, "succeeded");
    failures.record({ email: user.email, address }, "wrong-credentials");
    throw new Problem("wrong-credentials", "Cannot sign in: the code is incorrect or was used before");
  }

  /** Returns the user's id. Limits attempts, because each costs a verification. */
  async function requirePasskey(step: string, response: { id: string }, address: string): Promise<string> {
    const keys: AttemptKey[] = [["passkey", addressGroup(address).address]];
    await beginAttempt(attempts, keys);
    const userId = await passkeys.findUser(step, response).catch(async (error) => {
      await attempts.end(keys, "not-made");
      throw error;
    });
    if (userId === undefined)
      throw new Problem("wrong-credentials", "The passkey is unknown here, or its reply is too old");
    await attempts.end(keys, "succeeded");
    return userId;
  }

  return {
    /** Writes the failed sign-ins to the audit log. `isLast`: all of them, before the server stops. */
    flushFailures: failures.flush,

    /** The clock of sessions. */
    now,
    /** Every user must have a second factor. */
    requiresSecondFactor,

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
      const session = { id, isRecent: isRecent(row, at) };
      const lacksSecondFactor = requiresSecondFactor && !row.hasSecondFactor;
      return { user: { ...user, session, lacksSecondFactor }, cookies: found.cookies };
    },

    /**
     * Returns a step instead of a user if the user has a second factor. Throws wrong-credentials,
     * too-many-requests.
     */
    async signIn(email: string, password: string, client: Client): Promise<SignedIn | SignInStep> {
      const checked = await checkPassword(email, password, client.address);
      const user = checked && (await findActiveUser(db, checked.userId));
      if (!user) throw new Problem("wrong-credentials", "Cannot sign in: incorrect email or password");
      const methods = await listMethods(db, user.id);
      if (methods.length === 0) return await start(user, client, checked, {});
      return { step: steps.issue(user.id, checked.passwordHash), methods };
    },

    /** Throws wrong-credentials, too-many-requests, and state-conflict if the step is over. */
    async completeSignIn(step: string, proof: FactorProof, client: Client): Promise<SignedIn> {
      const { userId, passwordHash } = await steps.read(step, (id) => findPasswordHash(db, id));
      const user = await findActiveUser(db, userId);
      if (!user) throw new Problem("wrong-credentials", "Cannot sign in: the user is disabled");
      await requireFactor(user, proof, client.address);
      const secondFactor = "code" in proof ? "code" : "recovery-code";
      return await start(user, client, { passwordHash }, { secondFactor });
    },

    /** Throws wrong-credentials, too-many-requests. */
    async signInWithPasskey(step: string, response: { id: string }, client: Client): Promise<SignedIn> {
      const user = await findActiveUser(db, await requirePasskey(step, response, client.address));
      if (!user) throw new Problem("wrong-credentials", "Cannot sign in: the user is disabled");
      return await start(user, client, { credentialId: response.id }, { secondFactor: "passkey" });
    },

    /** Throws wrong-credentials unless the passkey is one of the user, and too-many-requests. */
    async requireOwnPasskey(user: User, step: string, response: { id: string }, client: Client) {
      if ((await requirePasskey(step, response, client.address)) === user.id) return;
      throw new Problem("wrong-credentials", "Cannot confirm: the passkey belongs to another user");
    },

    passkeys,

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
  details: Record<string, string> = {},
) {
  const entity = { type: "user", id: user.id, name: user.name } as const;
  await inTransaction(db, (tx) =>
    recordAuditEvent(tx, { at, actor: userActor(user), action, entity, details }),
  );
}
