// Serves every route with Hono: its request, its handler, and its reply. Hono's own middleware for 405
// replaces a 404 reply, so the metrics and the log would also count each 405 as a request for an unknown
// path.

import { Problem } from "@attacklens/protocol/problems.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import { type Context, Hono } from "hono";
import { requestId } from "hono/request-id";
import { apiKeyRoutes } from "../api-keys/api-keys-routes.ts";
import { assetGroupRoutes } from "../asset-groups/asset-groups-routes.ts";
import { assetRoutes } from "../assets/assets-routes.ts";
import { auditRoutes } from "../audit/audit-routes.ts";
import type { HttpRequest } from "../caller.ts";
import { certificateRoutes } from "../certificates/certificates-routes.ts";
import { changeRoutes } from "../changes/changes-routes.ts";
import { checkInRoutes } from "../check-in/check-in-routes.ts";
import { enrollmentRoutes } from "../enrollment/enrollment-routes.ts";
import { enrollmentTokenRoutes } from "../enrollment-tokens/enrollment-tokens-routes.ts";
import { readIdempotencyKey } from "../idempotency.ts";
import { inventoryRoutes } from "../inventory/inventory-routes.ts";
import { overviewRoutes } from "../overview/overview-routes.ts";
import { releaseRoutes } from "../releases/releases-routes.ts";
import type { RouteHandler, Services } from "../route-handler.ts";
import { identityRoutes } from "../sensors/identity/identity-routes.ts";
import { sensorRoutes } from "../sensors/sensors-routes.ts";
import { systemRoutes } from "../system/system-routes.ts";
import { updateRoutes } from "../updates/updates-routes.ts";
import { accountRoutes } from "../users/account-routes.ts";
import { userManagementRoutes } from "../users/user-management-routes.ts";
import { userRoutes } from "../users/users-routes.ts";
import { viewRoutes } from "../views/views-routes.ts";
import { openBodyRoom } from "./body-room.ts";
import { isForUsers, refuseForeignOrigin, requireUser } from "./caller.ts";
import { type EncodedFile, encodedFile, jsonReply } from "./encodings.ts";
import { type Metrics, mayReadMetrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { type Door, receive } from "./receive.ts";
import { referencePage } from "./reference-page.ts";
import { openRefusals, signRefusal } from "./refusals.ts";
import { leavesTooMuch } from "./request-body.ts";
import { openRequestLog } from "./request-log.ts";
import { securityHeaders, setSecurityHeaders } from "./security-headers.ts";
import { type Arrival, isSensorRoute, openSensorRequests } from "./sensor-requests.ts";
import { openUploadQueue } from "./upload-queue.ts";
import { openUserReads } from "./user-reads.ts";

export const ROUTE_HANDLERS: readonly RouteHandler[] = [
  ...userRoutes,
  ...userManagementRoutes,
  ...accountRoutes,
  ...enrollmentTokenRoutes,
  ...enrollmentRoutes,
  ...identityRoutes,
  ...checkInRoutes,
  ...sensorRoutes,
  ...overviewRoutes,
  ...inventoryRoutes,
  ...assetRoutes,
  ...assetGroupRoutes,
  ...viewRoutes,
  ...updateRoutes,
  ...apiKeyRoutes,
  ...auditRoutes,
  ...systemRoutes,
  ...changeRoutes,
  ...certificateRoutes,
  ...releaseRoutes,
];

export interface AppOptions {
  services: Services;
  metrics: Metrics;
  metricsToken: string | undefined;
  /** The metrics of all processes of the server. Absent: there is one. */
  readMetrics?: () => Promise<string>;
  /** Users open the console by HTTPS. */
  secure: boolean;
  consoleFile: (path: string, headers: Headers) => Response | Promise<Response> | undefined;
}

interface Env {
  Bindings: Arrival;
  Variables: { route: string; requestId: string; isBodyRead: boolean };
}

export function createApp(options: AppOptions) {
  const { services, metrics } = options;
  const door = {
    services,
    bodyRoom: openBodyRoom(),
    userReads: openUserReads(),
    uploads: openUploadQueue(services.now),
  };
  const app = new Hono<Env>();
  const logRequest = openRequestLog(services.log);
  const refuse = openRefusals(services, metrics);
  const security = securityHeaders(options.secure);
  const sensorRequests = openSensorRequests({
    handlers: ROUTE_HANDLERS,
    ...{ services, door, metrics, security, refuse, logRequest },
  });

  // Without a header name, a client cannot choose the id.
  app.use(requestId({ headerName: "", generator: () => Bun.randomUUIDv7() }));
  app.use(async (c, next) => {
    const startedAt = performance.now();
    c.set("route", "other");
    c.set("isBodyRead", false);
    metrics.requests.begin();
    await next();
    if (c.req.path.startsWith("/sensor/")) await signRefusal(c.res, c.req.raw.headers, services);
    setSecurityHeaders(c.res.headers, security);
    if (!c.get("isBodyRead") && (c.res.status === 408 || leavesTooMuch(c.req.raw.headers)))
      c.res.headers.set("connection", "close");
    c.res.headers.set("x-request-id", c.get("requestId"));
    const seconds = (performance.now() - startedAt) / 1000;
    const labels = { method: c.req.method, route: c.get("route") };
    metrics.requests.of(labels.method, labels.route).end(c.res.status, seconds);
    logRequest({
      requestId: c.get("requestId"),
      ...labels,
      status: c.res.status,
      ms: Math.round(seconds * 1000),
      address: c.env.address,
    });
  });

  app.onError((error, c) => refuse(error, c.get("requestId")));

  // When sensors have a separate port, it serves only sensors, and the other port serves none. Both serve
  // probes and the files for installations.
  app.use(async (c, next) => {
    const isSensors = /^\/sensor(\/|$)/.test(c.req.path);
    const isForBoth = /^\/(healthz|readyz|install\.(sh|ps1)|download\/.*)$/.test(c.req.path);
    if (c.env.port === "sensors" && !isSensors && !isForBoth)
      throw new Problem("not-found", "This port serves only sensors");
    if (c.env.port === "users" && isSensors) throw new Problem("not-found", "Sensors have a separate port");
    await next();
  });

  for (const { route, handle } of ROUTE_HANDLERS.filter(({ route }) => !isSensorRoute(route))) {
    app.on(route.method, honoPath(route), async (c) => {
      c.set("route", route.path);
      return await answer(c, route, handle, options, door);
    });
  }
  for (const path of new Set(ROUTE_HANDLERS.map(({ route }) => honoPath(route)))) {
    const methods = ROUTE_HANDLERS.filter(({ route }) => honoPath(route) === path).map(
      ({ route }) => route.method,
    );
    const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    app.all(path, (c) => {
      throw new Problem("method-not-allowed", `${c.req.method} is not possible here`, { extras: { allow } });
    });
  }

  mountOperations(app, options);

  app.notFound((c) => {
    const api = /^\/(api|sensor|download)(\/|$)/.test(c.req.path);
    const file =
      !api && ["GET", "HEAD"].includes(c.req.method) && options.consoleFile(c.req.path, c.req.raw.headers);
    if (file) return file;
    throw new Problem("not-found", "There is nothing at this address");
  });
  return {
    fetch: (request: Request, arrival: Arrival): Response | Promise<Response> =>
      sensorRequests.answer(request, arrival) ?? app.fetch(request, arrival),
  };
}

async function answer(
  c: Context<Env>,
  route: Route,
  handle: RouteHandler["handle"],
  options: AppOptions,
  door: Door,
) {
  const { headers } = c.req.raw;
  refuseForeignOrigin(route, headers, options.secure);
  const http: HttpRequest = {
    method: c.req.method,
    path: c.req.path,
    headers,
    address: c.env.address,
    replyHeaders: new Headers(),
    checkAgain: async () => {
      if (isForUsers(route.access)) {
        const { recentSignIn: _, ...again } = route;
        await requireUser(options.services, http, { ...again, access: route.access });
      }
    },
  };
  const params = c.req.param() as Record<string, string>;
  const received = await receive(door, route, c.req.raw, params, http, () => c.set("isBodyRead", true));
  try {
    if (route.streams) {
      // A reply to HEAD has no body. A stream that the handler opened would never be read and never end.
      if (c.req.method !== "HEAD") await handle(received.request as never, door.services);
      return streamReply(route.streams, http);
    }
    const { request } = received;
    if (route.file) {
      await handle(request as never, door.services);
      return http.replyFile ?? c.notFound();
    }
    const idempotency =
      route.creates && request.user ? readIdempotencyKey(route, c.req.raw, request.user, request) : undefined;
    const output = await handle({ ...request, idempotency } as never, door.services);
    const reply = route.output
      ? await jsonReply(JSON.stringify(output), route.status, headers, { mayCompress: !route.showsSecret })
      : new Response(null, { status: route.status });
    for (const [name, value] of http.replyHeaders) reply.headers.append(name, value);
    return reply;
  } finally {
    received.release();
  }
}

/** Disables buffering by proxies: nginx would wait until its buffer is full. */
function streamReply(contentType: string, { replyStream, replyHeaders }: HttpRequest): Response {
  const headers = { "content-type": contentType, "cache-control": "no-store", "x-accel-buffering": "no" };
  const reply = new Response(replyStream ?? null, { headers });
  for (const [name, value] of replyHeaders) reply.headers.append(name, value);
  return reply;
}

function mountOperations(app: Hono<Env>, { services, metrics, metricsToken, readMetrics }: AppOptions): void {
  let document: EncodedFile | undefined;
  for (const path of ["/healthz", "/readyz", "/metrics", "/api/openapi.json", "/api/reference"]) {
    app.use(path, async (c, next) => {
      c.set("route", path);
      await next();
    });
  }
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await services.health.requireWritable();
    return c.json({ status: "ok" });
  });
  app.get("/metrics", async (c) => {
    if (!mayReadMetrics(c.req.raw.headers, metricsToken)) {
      throw new Problem(
        "permission-missing",
        "Can't read the metrics: they need the metrics token. Set ATTACKLENS_METRICS_TOKEN on the server, and send it as Authorization: Bearer.",
      );
    }
    return c.body(await (readMetrics ?? (() => metrics.registry.metrics()))(), 200, {
      "content-type": metrics.registry.contentType,
    });
  });
  app.get("/api/openapi.json", (c) => {
    document ??= encodedFile(Buffer.from(JSON.stringify(openApiDocument(services.connection.sensorUrl()))));
    return document.reply(c.req.raw.headers, new Headers({ "content-type": "application/json" }));
  });
  app.get("/api/reference/*", (c) => referencePage(c.req.path) ?? c.notFound());
  app.get("/api/reference", (c) => referencePage(c.req.path) ?? c.notFound());
}

function honoPath(route: Route): string {
  return route.path.replace(/\{(\w+)\}/g, ":$1");
}
