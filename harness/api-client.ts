// The HTTP API as a program uses it: every route of protocol/, with its types, input checked by the server alone.
import { Problem, type ProblemBody } from "@attacklens/protocol/problems.ts";
import { type Route, type RouteOutput, type RouteRequest, routePath } from "@attacklens/protocol/route.ts";

/** Who calls: the session cookie of a sign-in, kept between calls. */
export interface Session {
  cookie?: string;
}

/** Calls a route and gives its reply parsed; takes up a session cookie that the reply sets. A refusal is thrown as Problem. */
export async function call<R extends Route>(
  baseUrl: string,
  route: R,
  request: Partial<RouteRequest<R>> = {},
  session: Session = {},
): Promise<RouteOutput<R>> {
  const url = new URL(routePath(route, request.params as Record<string, string> | undefined), baseUrl);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  // On this machine nobody else answers: what a private CA certifies there is as good as plain HTTP.
  const isNear = url.protocol === "https:" && /^(localhost|127\.|\[::1\])/.test(url.hostname);
  const reply = await fetch(url, {
    ...(isNear ? { tls: { rejectUnauthorized: false } } : {}),
    method: route.method,
    headers: {
      ...(route.method === "GET" ? {} : { origin: url.origin }),
      ...(request.body === undefined ? {} : { "content-type": "application/json" }),
      ...(session.cookie ? { cookie: session.cookie } : {}),
    },
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
  });
  const cookies = reply.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]);
  if (cookies.length > 0) session.cookie = cookies.join("; ");
  if (!reply.ok) throw await readProblem(reply);
  return (route.output ? route.output.parse(await reply.json()) : undefined) as RouteOutput<R>;
}

async function readProblem(reply: Response): Promise<Error> {
  const text = await reply.text();
  try {
    const { code, title, detail, fields } = JSON.parse(text) as ProblemBody;
    return new Problem(code, detail ?? title, { fields });
  } catch {
    return new Error(`${reply.url} answered ${reply.status}: ${text.slice(0, 500)}`);
  }
}
