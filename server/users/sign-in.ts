// Sign-in, sign-out and sessions, by better-auth. Its own routes are not served: ours call it.
import { PASSWORD_LENGTH } from "@attacklens/protocol/account.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { APIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import type { SignIn, User } from "../route-handler.ts";
import { countAttempts } from "./attempts.ts";
import { authStore } from "./auth-store.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { findActiveUser } from "./users.ts";
import { deleteSessions, updateLastSignIn } from "./users-store.ts";

const SESSION_SECONDS = 12 * 60 * 60;
/** A session in use is prolonged when this much of it is over. */
const SESSION_RENEW_SECONDS = 60 * 60;
const MAX_FAILURES = 10;
/** Passwords being checked or waiting for it; each check costs 19 MiB and a core for a while. */
const MAX_PENDING = 32;

export interface SignInOptions {
  /** At least 32 characters; signs the cookies. Whoever changes it signs everybody out. */
  secret: string;
  publicUrl: string;
  now: () => number;
}

export function openSignIn(db: Database, { secret, publicUrl, now }: SignInOptions): SignIn {
  const auth = betterAuth({
    appName: "AttackLens",
    baseURL: publicUrl,
    secret,
    database: authStore(db),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      maxPasswordLength: PASSWORD_LENGTH.max,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    session: { expiresIn: SESSION_SECONDS, updateAge: SESSION_RENEW_SECONDS },
    advanced: {
      cookiePrefix: "attacklens",
      useSecureCookies: publicUrl.startsWith("https:"),
      database: { generateId: () => Bun.randomUUIDv7() },
      disableCSRFCheck: true,
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const byEmail = countAttempts(MAX_FAILURES, now);
  let pending = 0;

  return {
    /** Who is signed in with the request's cookie; `cookies` are to be set when the session was prolonged. */
    async findSession(headers) {
      if (!headers.has("cookie")) return undefined;
      const { response, headers: reply } = await auth.api.getSession({ headers, returnHeaders: true });
      const user = response && (await findActiveUser(db, response.user.id));
      return user ? { user, cookies: reply.getSetCookie() } : undefined;
    },

    /** Throws wrong-credentials, too-many-requests. */
    async signIn(email, password, headers) {
      byEmail.check(email);
      if (pending >= MAX_PENDING) {
        throw new Problem(
          "too-many-requests",
          "Many people are signing in at this moment; possible again in a few seconds",
          {
            extras: { retryAfterSeconds: 5 },
          },
        );
      }
      pending++;
      const session = await auth.api
        .signInEmail({ body: { email, password }, headers, returnHeaders: true })
        .catch(refusedOnly)
        .finally(() => pending--);
      const user = session && (await findActiveUser(db, session.response.user.id));
      if (!session || !user) {
        if (session) await deleteSessions(db, session.response.user.id);
        byEmail.fail(email);
        throw new Problem("wrong-credentials", "Cannot sign in: e-mail or password is wrong");
      }
      byEmail.clear(email);
      await recordSession(db, now(), user, "user.signed-in");
      return { user, cookies: session.headers.getSetCookie() };
    },

    /** Ends the session on the server; answers the cookies that make the browser forget it. */
    async signOut(user, headers) {
      const { headers: reply } = await auth.api.signOut({ headers, returnHeaders: true });
      await recordSession(db, now(), user, "user.signed-out");
      return reply.getSetCookie();
    },
  };
}

/** A wrong password is an answer; a database that is gone is not. */
function refusedOnly(error: unknown): undefined {
  if (!(error instanceof APIError)) throw error;
}

async function recordSession(
  db: Database,
  at: number,
  user: User,
  action: "user.signed-in" | "user.signed-out",
) {
  await inTransaction(db, async (tx) => {
    if (action === "user.signed-in") await updateLastSignIn(tx, user.id, at);
    await recordAuditEvent(tx, { at, actor: userActor(user), action, entity: { type: "user", id: user.id } });
  });
}
