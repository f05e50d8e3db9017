// A client of the HTTP API for the harness, tests and benchmarks. It calls every route of protocol/ with its
// types, and keeps the session cookie.
import { type ApiCall, type ApiRequest, callRoute, UnexpectedReply } from "@attacklens/protocol/client.ts";
import type { Route, RouteOutput, RouteRequest } from "@attacklens/protocol/route.ts";
import { isLoopback } from "@attacklens/protocol/server-url.ts";

/** The session cookie of a sign-in, kept between calls. */
export interface Session {
  cookie?: string;
}

/**
 * Calls a route and parses its reply. Stores a cookie from the reply in `session`. Throws Problem if the
 * server rejects the request.
 */
export async function call<R extends Route>(
  baseUrl: string,
  route: R,
  request: Partial<RouteRequest<R>> = {},
  session: Session = {},
): Promise<RouteOutput<R>> {
  const { origin, protocol, hostname } = new URL(baseUrl);
  // Only this host listens on loopback, so verifying a certificate adds nothing there.
  const isNear = protocol === "https:" && isLoopback(hostname);
  const send = async (path: string, { headers, ...init }: ApiCall) => {
    const reply = await fetch(origin + path, {
      ...init,
      ...(isNear ? { tls: { rejectUnauthorized: false } } : {}),
      headers: {
        ...headers,
        ...(route.method === "GET" ? {} : { origin }),
        ...(session.cookie ? { cookie: session.cookie } : {}),
      },
    });
    const cookies = reply.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]);
    if (cookies.length > 0) session.cookie = cookies.join("; ");
    return reply;
  };
  const output = await callRoute(send, route, request as ApiRequest<R>).catch((error: unknown) => {
    if (!(error instanceof UnexpectedReply)) throw error;
    throw new Error(`${route.name} returned ${error.status}: ${error.text.slice(0, 500)}`, { cause: error });
  });
  return (route.output ? route.output.parse(output) : undefined) as RouteOutput<R>;
}
