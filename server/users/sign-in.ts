// Sign-in, sign-out and sessions with better-auth. Its routes are not exposed; our routes call it.
import { PASSWORD_LENGTH } from "@attacklens/protocol/account.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { APIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import { recordAuditEvent, userActor } from "../audit/audit.ts";
import type { HttpRequest, User } from "../caller.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { type AddressGroup, addressGroup, isLoopback } from "../networks.ts";
import { authStore, withDatabaseErrors } from "./auth-store.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { type AttemptCounts, type AttemptKey, beginAttempt, countAttempts } from "./rate-limit.ts";
import { openSignInAddresses, rememberSignInAddress } from "./sign-in-addresses.ts";
import { openSignInQueue, type SignInClient, shareOfQueue } from "./sign-in-queue.ts";
import { findActiveUser } from "./users.ts";
import { deleteSession, deleteSessions, updateLastSignIn } from "./users-store.ts";

const SESSION_SECONDS = 12 * 60 * 60;
/** A session in use is prolonged after this time. */
const SESSION_RENEW_SECONDS = 60 * 60;
/** The maximum duration of a session, even in use. */
const SESSION_MAX_MS = 30 * 86_400_000;
/**
 * Passes the client's address to better-auth, which writes it to the session. Never copied from a request.
 */
const CLIENT_ADDRESS = "x-attacklens-client-address";

interface SignedIn {
  user: User;
  /** `Set-Cookie` values for the reply. */
  cookies: string[];
}

export interface SignInOptions {
  /** At least 32 characters. Signs the cookies. Changing it signs every user out. */
  secret: string;
  publicUrl: string;
  /** Users connect by HTTPS. */
  secure: boolean;
  now: () => number;
  /** Absent: this process counts. */
  attempts?: AttemptCounts | undefined;
  /** The processes of the server. Each checks its share of the passwords. */
  processes?: number;
}

export function openSignIn(db: Database, options: SignInOptions) {
  const { secret, publicUrl, secure, now, attempts = countAttempts(now) } = options;
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
      ...cookies(secure),
      database: { generateId: () => Bun.randomUUIDv7() },
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS], ipv6Subnet: 128 },
      disableCSRFCheck: true,
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const queue = openSignInQueue(shareOfQueue(options.processes ?? 1));
  const addresses = openSignInAddresses(db, now);

  /** Returns what the attempt counts for. */
  function keysOf(email: string, client: SignInClient & { isShared: boolean }): AttemptKey[] {
    const { address, network } = client.group;
    const pair: AttemptKey = ["signIn", `${address} ${email}`];
    // All clients share this address, so with a limit one client could lock all others out.
    if (client.isShared) return [pair];
    const all: AttemptKey[] = [pair, ["signInFromAddress", address]];
    return client.isKnown || network === address ? all : [...all, ["signInFromNetwork", network]];
  }

  async function checkPassword(email: string, password: string, headers: Headers) {
    const session = await withDatabaseErrors(() =>
      auth.api.signInEmail({ body: { email, password }, headers, returnHeaders: true }),
    ).catch(refusedOnly);
    const user = session && (await findActiveUser(db, session.response.user.id));
    if (session && !user) await deleteSessions(db, session.response.user.id);
    return user && { user, cookies: session.headers.getSetCookie() };
  }

  return {
    /**
     * Returns the user of the request's cookie, and `Set-Cookie` values for the reply if the session was
     * prolonged.
     */
    async findSession(headers: Headers): Promise<SignedIn | undefined> {
      if (!headers.has("cookie")) return undefined;
      const { response, headers: reply } = await withDatabaseErrors(() =>
        auth.api.getSession({ headers: cookieOnly(headers), returnHeaders: true }),
      );
      if (response && response.session.createdAt.getTime() + SESSION_MAX_MS <= now()) {
        await deleteSession(db, response.session.id);
        return undefined;
      }
      const user = response && (await findActiveUser(db, response.user.id));
      if (!response || !user) return undefined;
      return { user: { ...user, session: { id: response.session.id } }, cookies: reply.getSetCookie() };
    },

    /** Throws wrong-credentials, too-many-requests. */
    async signIn(
      email: string,
      password: string,
      { headers, address }: Pick<HttpRequest, "headers" | "address">,
    ): Promise<SignedIn> {
      const group = addressGroup(address);
      const client = {
        group,
        isKnown: await addresses.isKnown(group.address),
        isShared: isLoopback(address),
      };
      const keys = keysOf(email, client);
      await beginAttempt(attempts, keys);
      const own = new Headers({ [CLIENT_ADDRESS]: address, "user-agent": headers.get("user-agent") ?? "" });
      const signedIn = await queue
        .run(client, () => checkPassword(email, password, own))
        .catch(async (error) => {
          await attempts.end(keys, "not-made");
          throw error;
        });
      if (!signedIn) throw new Problem("wrong-credentials", "Cannot sign in: incorrect email or password");
      await attempts.end(keys, "succeeded");
      await recordSession(db, now(), signedIn.user, "user.signed-in", group);
      addresses.add(group.address);
      return signedIn;
    },

    /** Ends the session on the server. Returns the `Set-Cookie` values that delete the cookies. */
    async signOut(user: User, headers: Headers): Promise<string[]> {
      const { headers: reply } = await withDatabaseErrors(() =>
        auth.api.signOut({ headers: cookieOnly(headers), returnHeaders: true }),
      );
      await recordSession(db, now(), user, "user.signed-out");
      return reply.getSetCookie();
    },
  };
}

/**
 * With HTTPS, the prefix `__Host-` makes the browser ensure that this host set the cookie over HTTPS, and
 * that no other host receives it (RFC 6265bis, section 4.1.3.2). The option of better-auth uses the weaker
 * prefix `__Secure-`.
 */
function cookies(secure: boolean) {
  return {
    cookiePrefix: secure ? "__Host-attacklens" : "attacklens",
    useSecureCookies: false,
    defaultCookieAttributes: { secure },
  };
}

/** Returns only the cookie, because better-auth needs no other header. */
function cookieOnly(headers: Headers): Headers {
  return new Headers({ cookie: headers.get("cookie") ?? "" });
}

/** A wrong password is a result. An unreachable database is an error. */
function refusedOnly(error: unknown): undefined {
  if (!(error instanceof APIError)) throw error;
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
    await recordAuditEvent(tx, { at, actor: userActor(user), action, entity: { type: "user", id: user.id } });
  });
}
