// Calls the API for a command: over HTTPS, with an API key or with a session that ends with the command.
import { signIn, signOut } from "@attacklens/protocol/account.ts";
import { type ApiRequest, callRoute, type SendCall, UnexpectedReply } from "@attacklens/protocol/client.ts";
import { newIdempotencyKey } from "@attacklens/protocol/idempotency-key.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route, RouteOutput } from "@attacklens/protocol/route.ts";
import { isLoopback, parseServerUrl } from "@attacklens/protocol/server-url.ts";
import { verifiedFetch } from "@attacklens/protocol/verified-fetch.ts";
import { CommandError, refusalError } from "./command-error.ts";

const TIMEOUT_MS = 30_000;

export interface ApiSession extends AsyncDisposable {
  /** Throws CommandError. */
  call<R extends Route>(route: R, request: ApiRequest<R>): Promise<RouteOutput<R>>;
}

export interface ApiSessionOptions {
  url: string;
  /** Certificates in PEM to trust instead of the system's. */
  ca?: string | undefined;
  auth: { apiKey: string } | { email: string; password: string };
}

/** Signs in with an email and a password, or uses an API key. Throws CommandError. */
export async function openApiSession({ url, ca, auth }: ApiSessionOptions): Promise<ApiSession> {
  const server = parseServerUrl(url, "key");
  if ("problem" in server) throw new CommandError("usage", server.problem, server.hint);
  const { origin } = server;
  const connection = isLoopback(new URL(origin).hostname) ? { ca, proxy: false as const } : { ca };
  let cookie: string | undefined;

  const send: SendCall = async (path, { method, headers, body }) => {
    const credentials: Record<string, string> = {};
    if ("apiKey" in auth) credentials.authorization = `Bearer ${auth.apiKey}`;
    else if (cookie) credentials.cookie = cookie;
    const reply = await verifiedFetch(origin + path, {
      ...connection,
      ...{ method, body, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) },
      headers: { ...headers, ...credentials },
    });
    const cookies = reply.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
    if (cookies.length > 0) cookie = cookies.join("; ");
    return reply;
  };

  async function callOnce<R extends Route>(route: R, request: ApiRequest<R>, idempotencyKey?: string) {
    try {
      return await callRoute(send, route, request, { idempotencyKey });
    } catch (error) {
      throw commandError(route, origin, error as Error);
    }
  }

  async function call<R extends Route>(route: R, request: ApiRequest<R>): Promise<RouteOutput<R>> {
    if (!route.creates) return await callOnce(route, request);
    const key = newIdempotencyKey();
    try {
      return await callOnce(route, request, key);
    } catch (error) {
      if (!(error instanceof CommandError && error.exit === "unreachable")) throw error;
      // The server may have created the object. With the same key, it does not create a second one.
      return await callOnce(route, request, key);
    }
  }

  if ("email" in auth) {
    const reply = await call(signIn, { body: { email: auth.email, password: auth.password } });
    if ("secondFactor" in reply)
      throw new CommandError(
        "denied",
        `Cannot sign in as ${auth.email}: the account has a second factor`,
        "create an API key in the console, and set ATTACKLENS_API_KEY to it",
      );
  }
  return {
    call,
    async [Symbol.asyncDispose]() {
      if ("email" in auth) await call(signOut, {}).catch(() => undefined);
    },
  };
}

function commandError(route: Route, origin: string, error: Error): CommandError {
  if (error instanceof Problem) return refusalError(error);
  if (!(error instanceof UnexpectedReply)) return unreachable(route, origin, error);
  const { cause, status } = error;
  // The body of the reply broke off.
  if (cause instanceof Error && !(cause instanceof SyntaxError)) return unreachable(route, origin, cause);
  return new CommandError(
    "unreachable",
    `${origin} is not an AttackLens server: its reply has status ${status} and is not an API reply`,
  );
}

function unreachable(route: Route, origin: string, error: Error & { code?: string }): CommandError {
  const isLost = error.code === "ECONNRESET" || error.name === "TimeoutError";
  const hint =
    route.creates && isLost
      ? "the server may have processed the request. Check whether the object exists before you run the command again"
      : "check --server and the server's certificate. --ca FILE trusts a private certificate";
  return new CommandError("unreachable", `Cannot reach ${origin}: ${error.message}`, hint);
}
