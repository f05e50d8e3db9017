// Authenticates the user who calls a route and checks the declared access, before the handler runs.
import type { Permission } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Access, Route } from "@attacklens/protocol/route.ts";
import { findApiKeyUser } from "../api-keys/api-keys.ts";
import type { HttpRequest, User } from "../caller.ts";
import { permissionObstacle, requireRecentSignIn } from "../permitted.ts";
import type { Services } from "../route-handler.ts";

/** Whether a signed-in user, or an API key, calls routes with this access. */
export function isForUsers(access: Access): access is "signed-in" | Permission {
  return access === "signed-in" || access.includes(":");
}

/**
 * Returns the user of the API key or the session cookie. Throws not-signed-in, permission-missing,
 * second-factor-missing, sign-in-not-recent.
 */
export async function requireUser(
  services: Pick<Services, "db" | "now" | "signIn">,
  http: Pick<HttpRequest, "headers" | "replyHeaders" | "address">,
  route: Pick<Route, "beforeSecondFactor" | "needsSession" | "recentSignIn"> & {
    access: "signed-in" | Permission;
  },
): Promise<User> {
  const user = (await findKeyHolder(services, http)) ?? (await findSignedIn(services, http));
  if (!user) throw new Problem("not-signed-in", "Sign in to continue");
  if (user.lacksSecondFactor && !route.beforeSecondFactor)
    throw new Problem("second-factor-missing", "Add a second factor to your account to continue");
  const missing = route.access === "signed-in" ? undefined : permissionObstacle(user, route.access);
  if (missing !== undefined) throw new Problem("permission-missing", missing);
  if (route.needsSession && !user.session)
    throw new Problem("permission-missing", "An API key can't do this. Sign in to the console instead.");
  if (route.recentSignIn === "always") requireRecentSignIn(user);
  return { ...user, address: http.address };
}

/** RFC 6750, section 2.1. An API key takes precedence over a cookie. */
async function findKeyHolder(
  { db, now }: Pick<Services, "db" | "now">,
  { headers, address }: Pick<HttpRequest, "headers" | "address">,
): Promise<User | undefined> {
  const authorization = headers.get("authorization");
  if (authorization === null) return undefined;
  const value = /^Bearer +([^\s]{1,200})$/i.exec(authorization)?.[1];
  if (value === undefined)
    throw new Problem("not-signed-in", "The Authorization header must be Bearer and an API key");
  return await findApiKeyUser(db, now(), value, address);
}

async function findSignedIn(
  { signIn }: Pick<Services, "signIn">,
  http: Pick<HttpRequest, "headers" | "replyHeaders" | "address">,
): Promise<User | undefined> {
  const session = await signIn.findSession(http);
  for (const cookie of session?.cookies ?? []) http.replyHeaders.append("set-cookie", cookie);
  return session?.user;
}

/**
 * Refuses a change that a page of another site makes a browser send (cross-site request forgery). Browsers
 * state the origin of a request. Programs have no session cookie of a user, so they need not state it.
 */
export function refuseForeignOrigin(route: Route, headers: Headers, secure: boolean): void {
  if (route.method === "GET" || !isForBrowsers(route)) return;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const foreign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && !isOwnOrigin(origin, headers.get("host")?.toLowerCase(), secure));
  if (foreign) throw new Problem("origin-refused", "Changes are accepted from this server's own pages only");
}

/** A browser never sends the credentials of the other routes: a signature, a token or a ticket. */
function isForBrowsers({ access }: Route): boolean {
  return !["sensor", "enrollment-token", "re-enrollment-ticket"].includes(access);
}

/**
 * If users connect by HTTPS, an HTTP page of the same host is another site: anyone on the network can forge
 * it.
 */
function isOwnOrigin(origin: string, host: string | undefined, secure: boolean): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  const schemes = secure ? ["https:"] : ["https:", "http:"];
  return schemes.includes(url.protocol) && host !== undefined && url.host === hostOf(url.protocol, host);
}

/** Returns the host as in an origin: without the default port of the scheme. */
function hostOf(scheme: string, host: string): string | undefined {
  return URL.canParse(`${scheme}//${host}`) ? new URL(`${scheme}//${host}`).host : undefined;
}
