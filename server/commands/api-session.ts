// Calls the API for a command: over HTTPS, with an API key or with a session that ends with the command.
import { signIn, signOut } from "@attacklens/protocol/account.ts";
import { type ApiRequest, callRoute, type SendCall, UnexpectedReply } from "@attacklens/protocol/client.ts";
import { newIdempotencyKey } from "@attacklens/protocol/idempotency-key.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route, RouteOutput, RouteRequest } from "@attacklens/protocol/route.ts";
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
  const parsed = parseServerUrl(url, "key");
  if ("problem" in parsed) throw new CommandError("usage", parsed.problem, parsed.hint);
  const { origin } = parsed;
  const loopback = isLoopback(new URL(origin).hostname);
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

  async function send<R extends Route>(
    route: R,
    request: Partial<RouteRequest<R>>,
    idempotencyKey?: string,
  ): Promise<RouteOutput<R>> {
    const sendCall: SendCall = async (path, call) => {
      const headers = { ...call.headers };
      if ("apiKey" in auth) headers.authorization = `Bearer ${auth.apiKey}`;
      else if (cookie) headers.cookie = cookie;
      const reply = await verifiedFetch(origin + path, {
        ...call,
        headers,
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ca,
        ...(loopback ? { proxy: false as const } : {}),
      });
      const cookies = reply.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
      if (cookies.length > 0) cookie = cookies.join("; ");
      return reply;
    };
    const options = { idempotencyKey };
    return await callRoute(sendCall, route, request as ApiRequest<R>, options).catch((error: unknown) => {
      if (error instanceof Problem) throw refusalError(error);
      if (!(error instanceof UnexpectedReply)) throw unreachable(route, origin, error as Error);
      // The connection was lost while the reply arrived.
      if (error.cause && !(error.cause instanceof SyntaxError))
        throw unreachable(route, origin, error.cause as Error);
      throw new CommandError(
        "unreachable",
        `${origin} is not an AttackLens server: its reply has status ${error.status} and is not an API reply`,
      );
    });
  }

  if ("email" in auth) await call(signIn, { body: { email: auth.email, password: auth.password } });
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
  // Its body broke off.
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
