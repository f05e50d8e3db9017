// The API's description (OpenAPI 3.1), made from the route declarations, and the page that shows it.
import { IDEMPOTENCY_KEY_HOURS, MAX_IDEMPOTENCY_KEY_LENGTH } from "@attacklens/protocol/idempotency-key.ts";
import { PROBLEMS, type ProblemCode, problemBody } from "@attacklens/protocol/problems.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";

/** How the parts of the API are headed, by the noun in a route's name. */
const TAGS: Record<string, string> = {
  setup: "Set-up and sign-in",
  session: "Set-up and sign-in",
  me: "Set-up and sign-in",
  enrollmentTokens: "Enrollment tokens",
  enrollmentAttempts: "Enrollment tokens",
  rollOut: "Enrollment tokens",
  sensors: "Sensors",
  assets: "Assets",
  assetGroups: "Asset groups",
  apiKeys: "API keys",
  changes: "Changes",
  sensor: "For sensors",
};

export function openApiDocument() {
  const { openAPIRegistry: registry, getOpenAPI31Document } = new OpenAPIHono();
  registry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "attacklens.session_token",
    description: "Set by signing in. With HTTPS, its name is `__Host-attacklens.session_token`.",
  });
  registry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    description: "The value of an API key, `atl_key_…`",
  });
  registry.registerComponent("securitySchemes", "enrollmentToken", {
    type: "http",
    scheme: "bearer",
    description: "The value of an enrollment token",
  });
  registry.registerComponent("securitySchemes", "sensorSignature", {
    type: "apiKey",
    in: "header",
    name: "Signature",
    description: "HTTP Message Signature (RFC 9421) with the sensor's Ed25519 key",
  });
  for (const route of ROUTES) registry.registerPath(describeRoute(route));
  return getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "AttackLens API",
      version: RELEASE,
      description:
        "JSON in and out; problems as RFC 9457; lists in keyset pages: pass `nextCursor` as `cursor` to go on. " +
        "Paths under `/sensor/v1` are for sensors.",
    },
  });
}

function describeRoute(route: Route): RouteConfig {
  const codes = problemsOf(route);
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))].sort();
  const problems = statuses.map((status) => {
    const of = codes.filter((code) => PROBLEMS[code].status === status);
    const content = { "application/problem+json": { schema: problemBody } };
    return [
      status,
      { description: of.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; "), content },
    ];
  });
  return {
    method: route.method.toLowerCase() as "get" | "post" | "put" | "patch" | "delete",
    path: route.path,
    operationId: route.name,
    tags: [TAGS[route.name.slice(0, route.name.indexOf("."))] ?? "Other"],
    summary: route.summary,
    description: describeAccess(route),
    security: securityOf(route),
    request: {
      params: route.params,
      query: route.query,
      ...(route.creates ? { headers: idempotencyHeaders } : {}),
      ...(route.body
        ? { body: { required: true, content: { "application/json": { schema: route.body } } } }
        : {}),
    },
    responses: {
      [route.status]: {
        description: "Done",
        ...(route.output ? { content: { "application/json": { schema: route.output } } } : {}),
        ...(route.streams ? { content: { [route.streams]: { schema: z.string() } } } : {}),
      },
      ...Object.fromEntries(problems),
    },
  };
}

const idempotencyHeaders = z.object({
  "Idempotency-Key": z
    .string()
    .min(1)
    .max(MAX_IDEMPOTENCY_KEY_LENGTH + 2)
    .optional()
    .meta({
      description:
        "A new random key for each object, e.g. a UUID in double quotes. When the reply is lost, send the request again with " +
        "the same key: it returns the same object. A value that is shown once is replaced by a new one, and the value that was " +
        `lost is void. The server remembers a key for ${IDEMPOTENCY_KEY_HOURS} hours.`,
      example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
    }),
});

/** What a route declares, and what every route of its kind may answer. */
function problemsOf(route: Route): ProblemCode[] {
  const codes = new Set<ProblemCode>([
    "input-invalid",
    "internal-error",
    "unavailable",
    ...(route.problems ?? []),
  ]);
  if (route.params) codes.add("not-found");
  if (route.body)
    for (const code of ["malformed-request", "media-type-unsupported", "body-too-large"] as const)
      codes.add(code);
  if (route.creates)
    for (const code of ["malformed-request", "state-conflict", "idempotency-key-reused"] as const)
      codes.add(code);
  if (route.access === "sensor") {
    for (const code of [
      "signature-missing",
      "signature-invalid",
      "signature-replayed",
      "clock-skewed",
      "sensor-unknown",
    ] as const) {
      codes.add(code);
    }
  } else if (route.method !== "GET") codes.add("origin-refused");
  if (route.access !== "public" && route.access !== "sensor") codes.add("not-signed-in");
  if (route.access.includes(":")) codes.add("permission-missing");
  return [...codes];
}

function describeAccess({ access }: Route): string {
  if (access === "public") return "Anyone may call it.";
  if (access === "sensor") return "For an enrolled sensor, which signs the request.";
  return access === "signed-in" ? "For anyone who is signed in." : `Needs the permission \`${access}\`.`;
}

function securityOf({ access, name }: Route): Record<string, string[]>[] {
  if (access === "sensor") return [{ sensorSignature: [] }];
  if (name === "sensor.checkToken") return [{ enrollmentToken: [] }];
  if (name === "sensor.enroll") return [{ enrollmentToken: [], sensorSignature: [] }];
  if (access === "public") return [];
  // Keys are not managed by keys.
  return access === "api-keys:manage" ? [{ session: [] }] : [{ session: [] }, { apiKey: [] }];
}
