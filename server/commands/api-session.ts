// Calls the API for a command: over HTTPS, with an API key or with a session that ends with the command.
import { signIn, signOut } from "@attacklens/protocol/account.ts";
import { IDEMPOTENCY_KEY_HEADER, newIdempotencyKey } from "@attacklens/protocol/idempotency-key.ts";
import { Problem, problemBody } from "@attacklens/protocol/problems.ts";
import { type Route, type RouteOutput, type RouteRequest, routePath } from "@attacklens/protocol/route.ts";
import { verifiedFetch } from "@attacklens/protocol/verified-fetch.ts";
import { CommandError, refusalError } from "./command-error.ts";

const TIMEOUT_MS = 30_000;

export interface ApiSession extends AsyncDisposable {
  /** Throws CommandError. */
  call<R extends Route>(route: R, request?: Partial<RouteRequest<R>>): Promise<RouteOutput<R>>;
}

export interface ApiSessionOptions {
  url: string;
  /** Certificates in PEM to trust instead of the system's. */
  ca?: string | undefined;
  auth: { apiKey: string } | { email: string; password: string };
}

/** Signs in with an email and a password, or uses an API key. Throws CommandError. */
export async function openApiSession({ url, ca, auth }: ApiSessionOptions): Promise<ApiSession> {
  const origin = parseServerUrl(url);
  const loopback = isLoopback(new URL(origin).hostname);
  let cookie: string | undefined;

  async function call<R extends Route>(
    route: R,
    request: Partial<RouteRequest<R>> = {},
  ): Promise<RouteOutput<R>> {
    if (!route.creates) return await send(route, request);
    const key = newIdempotencyKey();
    try {
      return await send(route, request, key);
    } catch (error) {
      if (!(error instanceof CommandError && error.exit === "unreachable")) throw error;
      // The server may have created the object. With the same key, it does not create a second one.
      return await send(route, request, key);
    }
  }

  async function send<R extends Route>(
    route: R,
    request: Partial<RouteRequest<R>>,
    idempotencyKey?: string,
  ): Promise<RouteOutput<R>> {
    const target = new URL(routePath(route, request.params as Record<string, string> | undefined), origin);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) target.searchParams.set(name, String(value));
    const headers: Record<string, string> = { accept: "application/json" };
    if (request.body !== undefined) headers["content-type"] = "application/json";
    if (idempotencyKey) headers[IDEMPOTENCY_KEY_HEADER] = idempotencyKey;
    if ("apiKey" in auth) headers.authorization = `Bearer ${auth.apiKey}`;
    else if (cookie) headers.cookie = cookie;
    const { reply, text } = await verifiedFetch(target, {
      method: route.method,
      headers,
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ca,
      ...(loopback ? { proxy: false as const } : {}),
    })
      .then(async (reply) => ({ reply, text: await reply.text() }))
      .catch((error: Error) => {
        throw unreachable(route, origin, error);
      });
    const cookies = reply.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
    if (cookies.length > 0) cookie = cookies.join("; ");
    const body = parseJson(text);
    if (reply.ok && (reply.status === 204 || body !== undefined)) return body as RouteOutput<R>;
    const parsed = problemBody.safeParse(body);
    if (!parsed.success)
      throw new CommandError(
        "unreachable",
        `${origin} is not an AttackLens server: its reply has status ${reply.status} and is not an API reply`,
      );
    const { code, detail = "", fields } = parsed.data;
    throw refusalError(new Problem(code, detail, fields ? { fields } : {}));
  }

  if ("email" in auth) await call(signIn, { body: { email: auth.email, password: auth.password } });
  return {
    call,
    async [Symbol.asyncDispose]() {
      if ("email" in auth) await call(signOut).catch(() => undefined);
    },
  };
}

function unreachable(route: Route, origin: string, error: Error & { code?: string }): CommandError {
  const isLost = error.code === "ECONNRESET" || error.name === "TimeoutError";
  const hint =
    route.creates && isLost
      ? "the server may have processed the request. Check whether the object exists before you run the command again"
      : "check --server and the server's certificate. --ca FILE trusts a private certificate";
  return new CommandError("unreachable", `Cannot reach ${origin}: ${error.message}`, hint);
}

/** Returns undefined for an empty reply and for one that is not JSON, such as an error page of a proxy. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol) || url.pathname !== "/" || url.search || url.hash)
    throw new CommandError(
      "usage",
      `Cannot use the server "${text}": it is not a URL such as https://attacklens.example.com`,
    );
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    throw new CommandError(
      "usage",
      `Cannot use the server ${url.origin}: plain HTTP would show the key to the network`,
      `use https://${url.host}`,
    );
  return url.origin;
}

/** 127.0.0.0/8 (RFC 1122), ::1 (RFC 4291), and `localhost` (RFC 6761). */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
