// Serves the routes of sensors, which get most of the requests: without middleware, and with one reply that
// has all headers from the start. Other paths and methods below /sensor/ are left to the app, which refuses
// them.
import type { Route } from "@attacklens/protocol/route.ts";
import { getPath } from "hono/utils/url";
import type { HttpRequest } from "../caller.ts";
import { pace } from "../pace.ts";
import type { RouteHandler, Services } from "../route-handler.ts";
import type { Metrics } from "./metrics.ts";
import { type Door, receive } from "./receive.ts";
import { signRefusal } from "./refusals.ts";
import { leavesTooMuch } from "./request-body.ts";
import type { openRequestLog } from "./request-log.ts";
import { setSecurityHeaders } from "./security-headers.ts";

/** The values that the listener adds to a request. */
export interface Arrival {
  /** The client's address, after trusted proxies. */
  address: string;
  port: "shared" | "sensors" | "users";
}

interface Endpoint extends RouteHandler {
  counter: ReturnType<Metrics["requests"]["of"]>;
}

interface Found {
  endpoint: Endpoint;
  path: string;
  params: Record<string, string>;
}

export interface SensorRequestsOptions {
  handlers: readonly RouteHandler[];
  services: Services;
  door: Door;
  metrics: Metrics;
  security: Readonly<Record<string, string>>;
  refuse: (error: unknown, requestId: string) => Response;
  logRequest: ReturnType<typeof openRequestLog>;
}

export function isSensorRoute({ path }: Route): boolean {
  return path.startsWith("/sensor/");
}

const NO_CHECK = async () => {};

export function openSensorRequests(options: SensorRequestsOptions) {
  const { services, door, metrics, security, refuse, logRequest } = options;
  const exact = new Map<string, Endpoint>();
  // A reply copies these. Copying a Headers takes a fourth of the time that making one from its members does.
  const withBody = new Headers({ ...security, "content-type": "application/json" });
  const withoutBody = new Headers(security);
  const patterns: { pattern: RegExp; endpoint: Endpoint }[] = [];
  for (const { route, handle } of options.handlers.filter(({ route }) => isSensorRoute(route))) {
    const endpoint = { route, handle, counter: metrics.requests.of(route.method, route.path) };
    if (route.params) patterns.push({ pattern: patternOf(route), endpoint });
    else exact.set(`${route.method} ${route.path}`, endpoint);
  }

  function find(request: Request): Found | undefined {
    const path = getPath(request);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const endpoint = exact.get(`${method} ${path}`);
    if (endpoint) return { endpoint, path, params: {} };
    for (const { pattern, endpoint } of patterns) {
      const params = endpoint.route.method === method ? pattern.exec(path)?.groups : undefined;
      if (params) return { endpoint, path, params };
    }
  }

  async function serve({ endpoint, path, params }: Found, request: Request, address: string) {
    const { route, counter } = endpoint;
    const { method, headers } = request;
    const startedAt = performance.now();
    const requestId = Bun.randomUUIDv7();
    let replyHeaders: Headers | undefined;
    const http: HttpRequest = {
      method,
      path,
      headers,
      address,
      get replyHeaders() {
        replyHeaders ??= new Headers();
        return replyHeaders;
      },
      // No reply to a sensor takes long.
      checkAgain: NO_CHECK,
    };
    let isBodyRead = false;
    const onBody = () => {
      isBodyRead = true;
    };
    metrics.requests.begin();
    if (!route.isUpload) pace.urgent();
    let reply: Response;
    try {
      const received = await receive(door, route, request, params, http, onBody);
      try {
        const output = await endpoint.handle(received.request as never, services);
        const { status } = route;
        const own = route.output ? withBody : withoutBody;
        own.set("x-request-id", requestId);
        reply = new Response(route.output ? JSON.stringify(output) : null, { status, headers: own });
        // Each replaces the server's own. No route for sensors sets a cookie, the only one that repeats.
        if (replyHeaders) for (const [name, value] of replyHeaders) reply.headers.set(name, value);
      } finally {
        received.release();
      }
    } catch (error) {
      reply = refuse(error, requestId);
      setSecurityHeaders(reply.headers, security);
      reply.headers.set("x-request-id", requestId);
      await signRefusal(reply, headers, services);
    }
    if (!isBodyRead && (reply.status === 408 || leavesTooMuch(headers)))
      reply.headers.set("connection", "close");
    const seconds = (performance.now() - startedAt) / 1000;
    counter.end(reply.status, seconds);
    if (reply.status >= 400 || services.log.isLevelEnabled("debug")) {
      const ms = Math.round(seconds * 1000);
      logRequest({ requestId, method, route: route.path, status: reply.status, ms, address });
    }
    return method === "HEAD" ? new Response(null, reply) : reply;
  }

  return {
    /** Returns undefined for a request that no route of sensors serves on this port. */
    answer(request: Request, { address, port }: Arrival): Promise<Response> | undefined {
      const found = port === "users" ? undefined : find(request);
      return found && serve(found, request, address);
    },
  };
}

function patternOf(route: Route): RegExp {
  return new RegExp(`^${route.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
}
