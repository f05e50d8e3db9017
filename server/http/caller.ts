// Who calls a route, and whether they may: the declaration's access, enforced before the handler is reached.
import { hasPermission, type Permission } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import { missingPermission } from "../permitted.ts";
import type { HttpRequest, SignIn, User } from "../route-handler.ts";

/** The person behind the session cookie. Throws not-signed-in, permission-missing. */
export async function requireUser(
  signIn: SignIn,
  http: Pick<HttpRequest, "headers" | "replyHeaders">,
  access: "signed-in" | Permission,
): Promise<User> {
  const session = await signIn.findSession(http.headers);
  if (!session) throw new Problem("not-signed-in", "Sign in to continue");
  for (const cookie of session.cookies) http.replyHeaders.append("set-cookie", cookie);
  if (access !== "signed-in" && !hasPermission(session.user.role, access)) {
    throw new Problem("permission-missing", missingPermission(access));
  }
  return session.user;
}

/**
 * Refuses a change that another site's page makes a browser send (cross-site request forgery). Browsers tell where a
 * request comes from; programs, which have no session cookie of a person, do not.
 */
export function refuseForeignOrigin(route: Route, headers: Headers, secure: boolean): void {
  if (route.method === "GET" || route.access === "sensor") return;
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const foreign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && !isOwnOrigin(origin, headers.get("host")?.toLowerCase(), secure));
  if (foreign) throw new Problem("origin-refused", "Changes are accepted from this server's own pages only");
}

/** Where people come by HTTPS, a page of the same host by HTTP is another site: anybody on the way can write it. */
function isOwnOrigin(origin: string, host: string | undefined, secure: boolean): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  const schemes = secure ? ["https:"] : ["https:", "http:"];
  return schemes.includes(url.protocol) && host !== undefined && url.host === hostOf(url.protocol, host);
}

/** As an origin has it: without the scheme's own port. */
function hostOf(scheme: string, host: string): string | undefined {
  return URL.canParse(`${scheme}//${host}`) ? new URL(`${scheme}//${host}`).host : undefined;
}
