// Calls the routes of the HTTP API with JSON, typed by the protocol. Console, CLI and harness share it. Each
// of them adds its connection and its error messages.
import { IDEMPOTENCY_KEY_HEADER } from "./idempotency-key.ts";
import { Problem, problemBody } from "./problems.ts";
import { type Route, type RouteOutput, type RouteRequest, routePath } from "./route.ts";

/** The parts of a request that the route has. The query is optional. */
export type ApiRequest<R extends Route> = {
  [K in "params" | "body" as RouteRequest<R>[K] extends undefined ? never : K]: RouteRequest<R>[K];
} & (RouteRequest<R>["query"] extends undefined ? unknown : { query?: RouteRequest<R>["query"] });

export interface ApiCall {
  method: Route["method"];
  headers: Record<string, string>;
  body: string | null;
}

/**
 * Sends one call. `path` starts with a slash and includes the query. If the connection is lost, it throws the
 * client's own error.
 */
export type SendCall = (path: string, call: ApiCall) => Promise<Response>;

/** A reply without an AttackLens body, such as a proxy's error page or incomplete JSON. */
export class UnexpectedReply extends Error {
  constructor(
    readonly status: number,
    readonly text: string,
    options: { cause?: unknown } = {},
  ) {
    super(`unexpected reply with status ${status}`, options);
  }
}

/**
 * Calls a route and returns its output as sent. `idempotencyKey` is for routes that create an object: the
 * same key for every attempt of one request. Throws Problem if the server refuses, UnexpectedReply, and the
 * errors of `send`.
 */
export async function callRoute<R extends Route>(
  send: SendCall,
  route: R,
  request: ApiRequest<R>,
  options: { idempotencyKey?: string | undefined } = {},
): Promise<RouteOutput<R>> {
  const reply = await openReply(send, route, request, options);
  if (reply.status === 204) return undefined as RouteOutput<R>;
  const text = await reply.text().catch((cause: unknown) => {
    throw new UnexpectedReply(reply.status, "", { cause });
  });
  try {
    return JSON.parse(text) as RouteOutput<R>;
  } catch (cause) {
    throw new UnexpectedReply(reply.status, text, { cause });
  }
}

/** The same, for a route that streams: returns the reply, whose body is not read yet. */
export async function openReply<R extends Route>(
  send: SendCall,
  route: R,
  request: ApiRequest<R>,
  { idempotencyKey }: { idempotencyKey?: string | undefined } = {},
): Promise<Response> {
  const { params, query, body } = request as Partial<RouteRequest<Route>> & { body?: unknown };
  const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (idempotencyKey) headers[IDEMPOTENCY_KEY_HEADER] = idempotencyKey;
  const path = routePath(route, params as Record<string, string> | undefined) + queryString(query);
  const reply = await send(path, {
    method: route.method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!reply.ok) throw await readRefusal(reply);
  return reply;
}

/** The problem (RFC 9457) of a refusal. Without a detail from the server, the detail has the request id. */
export async function readRefusal(reply: Response): Promise<Problem | UnexpectedReply> {
  const text = await reply.text().catch(() => "");
  const { data } = problemBody.safeParse(parseJson(text));
  if (!data) return new UnexpectedReply(reply.status, text);
  const { code, detail, title, requestId, fields } = data;
  const { name, at, retryAfterSeconds, maxBytes } = data;
  return new Problem(code, detail ?? `${title} (request ${requestId})`, {
    ...(fields ? { fields } : {}),
    extras: { name, at, retryAfterSeconds, maxBytes },
  });
}

function queryString(query: Record<string, unknown> = {}): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
