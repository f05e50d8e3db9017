// better-auth: sessions and their cookies on our tables. Its routes are not served; sign-in.ts calls its
// functions. Passwords and second factors are checked before it starts a session.
import { createAuthEndpoint } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { betterAuth } from "better-auth/minimal";
import { z } from "zod";
import type { Database } from "../db/schema.ts";
import { newId } from "../ids.ts";
import { authStore, withDatabaseErrors } from "./auth-store.ts";

const SESSION_SECONDS = 12 * 60 * 60;
/** A session in use is prolonged after this time. */
const SESSION_RENEW_SECONDS = 60 * 60;
/**
 * Passes the client's address to better-auth, which writes it to the session. Never copied from a request.
 */
const CLIENT_ADDRESS = "x-attacklens-client-address";

export interface AuthOptions {
  /** At least 32 characters. Signs the cookies. Changing it signs every user out. */
  secret: string;
  publicUrl: string;
  /** Users connect by HTTPS. */
  secure: boolean;
}

export function openAuth(db: Database, { secret, publicUrl, secure }: AuthOptions) {
  const auth = betterAuth({
    appName: "AttackLens",
    baseURL: publicUrl,
    secret,
    database: authStore(db),
    plugins: [{ id: "attacklens", endpoints: { startSession } }],
    session: { expiresIn: SESSION_SECONDS, updateAge: SESSION_RENEW_SECONDS },
    advanced: {
      ...cookies(secure),
      database: {
        joins: true,
        generateId: ({ model }) => (model === "session" ? newId("session") : Bun.randomUUIDv7()),
      },
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS], ipv6Subnet: 128 },
      disableCSRFCheck: true,
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });

  return {
    /** Starts a session of a user who has proved who they are. Returns its id and its `Set-Cookie` values. */
    async startSession(userId: string, headers: Headers, address: string) {
      const own = new Headers({ [CLIENT_ADDRESS]: address, "user-agent": headers.get("user-agent") ?? "" });
      const { response, headers: reply } = await withDatabaseErrors(() =>
        auth.api.startSession({ body: { userId }, headers: own, returnHeaders: true }),
      );
      return { sessionId: response.id, cookies: reply.getSetCookie() };
    },
    /** The session of the request's cookie, and the `Set-Cookie` values if it was prolonged. */
    async findSession(headers: Headers) {
      const { response, headers: reply } = await withDatabaseErrors(() =>
        auth.api.getSession({ headers: cookieOnly(headers), returnHeaders: true }),
      );
      return response ? { session: response.session, cookies: reply.getSetCookie() } : undefined;
    },
    /** Ends the session. Returns the `Set-Cookie` values that delete the cookies. */
    async endSession(headers: Headers): Promise<string[]> {
      const { headers: reply } = await withDatabaseErrors(() =>
        auth.api.signOut({ headers: cookieOnly(headers), returnHeaders: true }),
      );
      return reply.getSetCookie();
    },
  };
}

const startSession = createAuthEndpoint(
  "/attacklens/start-session",
  { method: "POST", body: z.object({ userId: z.string() }), requireHeaders: true },
  async (ctx) => {
    const { internalAdapter } = ctx.context;
    const user = await internalAdapter.findUserById(ctx.body.userId);
    if (!user) throw new Error(`there is no user ${ctx.body.userId}`);
    const session = await internalAdapter.createSession(user.id);
    await setSessionCookie(ctx, { session, user });
    return ctx.json({ id: session.id });
  },
);

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
