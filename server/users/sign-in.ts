// Sign-in, sign-out and sessions, by better-auth. Its routes are not exposed: ours call it.
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
import { type Attempts, countAttempts } from "./rate-limit.ts";
import { openSignInAddresses, rememberSignInAddress } from "./sign-in-addresses.ts";
import { openSignInQueue, type SignInClient } from "./sign-in-queue.ts";
import { findActiveUser } from "./users.ts";
import { deleteSession, deleteSessions, updateLastSignIn } from "./users-store.ts";

const SESSION_SECONDS = 12 * 60 * 60;
/** A session in use is prolonged when this much of it is over. */
const SESSION_RENEW_SECONDS = 60 * 60;
/** However much it is used. */
const SESSION_MAX_MS = 30 * 86_400_000;
/** Of one email from one address: guessing from elsewhere does not lock the owner out. */
const MAX_FAILURES = 10;
/** Of one address, for any email. */
const MAX_ADDRESS_FAILURES = 100;
/** Of one IPv6 network of 48 bits; addresses in it that have signed in before are not held to it. */
const MAX_NETWORK_FAILURES = 200;
/**
 * Carries the client's address to better-auth, which writes it into the session; never copied from a request.
 */
const CLIENT_ADDRESS = "x-attacklens-client-address";

interface SignedIn {
  user: User;
  /** `Set-Cookie` values for the reply. */
  cookies: string[];
}

export interface SignInOptions {
  /** At least 32 characters; signs the cookies. Changing it signs every user out. */
  secret: string;
  publicUrl: string;
  /** Users come by HTTPS. */
  secure: boolean;
  now: () => number;
}

export function openSignIn(db: Database, { secret, publicUrl, secure, now }: SignInOptions) {
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
  const failures = countAttempts(MAX_FAILURES, now);
  const addressFailures = countAttempts(MAX_ADDRESS_FAILURES, now);
  const networkFailures = countAttempts(MAX_NETWORK_FAILURES, now);
  const queue = openSignInQueue();
  const addresses = openSignInAddresses(db, now);

  /** The counters that an attempt counts in, each with its key. */
  function countersOf(email: string, client: SignInClient & { isShared: boolean }): [Attempts, string][] {
    const { address, network } = client.group;
    const pair: [Attempts, string] = [failures, `${address} ${email}`];
    // All clients share this address: a limit would let one client lock all out.
    if (client.isShared) return [pair];
    const all: [Attempts, string][] = [pair, [addressFailures, address]];
    return client.isKnown || network === address ? all : [...all, [networkFailures, network]];
  }

  /** Counts the attempt as a failure until it turns out to be none. Throws too-many-requests. */
  function countAttempt(counters: [Attempts, string][]) {
    for (const [attempts, key] of counters) attempts.check(key);
    for (const [attempts, key] of counters) attempts.count(key);
    const [[pair, pairKey], ...others] = counters as [[Attempts, string], ...[Attempts, string][]];
    return {
      succeeded() {
        pair.clear(pairKey);
        for (const [attempts, key] of others) attempts.refund(key);
      },
      notMade() {
        for (const [attempts, key] of counters) attempts.refund(key);
      },
    };
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
     * The user of the request's cookie. `cookies` are `Set-Cookie` values for the reply when the session was
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
      return user ? { user, cookies: reply.getSetCookie() } : undefined;
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
      const attempt = countAttempt(countersOf(email, client));
      const own = new Headers({ [CLIENT_ADDRESS]: address, "user-agent": headers.get("user-agent") ?? "" });
      const signedIn = await queue
        .run(client, () => checkPassword(email, password, own))
        .catch((error) => {
          attempt.notMade();
          throw error;
        });
      if (!signedIn) throw new Problem("wrong-credentials", "Cannot sign in: incorrect email or password");
      attempt.succeeded();
      await recordSession(db, now(), signedIn.user, "user.signed-in", group);
      addresses.add(group.address);
      return signedIn;
    },

    /** Ends the session on the server. Returns the cookies that make the browser forget it. */
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
 * Where HTTPS is used, the browser itself sees to it that the cookie was set by this host over HTTPS and goes
 * to no other (RFC 6265bis, section 4.1.3.2). better-auth's own switch for secure cookies has the weaker
 * prefix `__Secure-`.
 */
function cookies(secure: boolean) {
  return {
    cookiePrefix: secure ? "__Host-attacklens" : "attacklens",
    useSecureCookies: false,
    defaultCookieAttributes: { secure },
  };
}

/** better-auth reads nothing else of a request. */
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
