// The API's description (OpenAPI 3.1), generated from the route declarations.

import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import { IDEMPOTENCY_KEY_HOURS, MAX_IDEMPOTENCY_KEY_LENGTH } from "@attacklens/protocol/idempotency-key.ts";
import { PROBLEMS, problemBody } from "@attacklens/protocol/problems.ts";
import { type Route, TAGS } from "@attacklens/protocol/route.ts";
import { isSigned, problemsOf } from "@attacklens/protocol/route-problems.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { z } from "zod";

/** `sensorUrl`: the URL for sensors if it differs from the URL for users; null: it is the same. */
export function openApiDocument(sensorUrl: string | null) {
  const registry = new OpenAPIRegistry();
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
    description: "The value of an enrollment token, `atl_enr_…`",
  });
  registry.registerComponent("securitySchemes", "reEnrollmentTicket", {
    type: "http",
    scheme: "bearer",
    description: "The value of a re-enrollment ticket, `atl_tkt_…`",
  });
  registry.registerComponent("securitySchemes", "sensorSignature", {
    type: "apiKey",
    in: "header",
    name: "Signature",
    description:
      "HTTP Message Signature (RFC 9421) with the sensor's Ed25519 key, together with `Signature-Input` and `Content-Digest`",
  });
  for (const route of ROUTES) registry.registerPath(describeRoute(route, sensorUrl));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "AttackLens API",
      version: RELEASE,
      description:
        "JSON in and out; problems as RFC 9457; lists in keyset pages: pass `nextCursor` as `cursor` to go on. " +
        "Paths under `/sensor/v1` are for sensors.",
    },
    servers: [{ url: "/", description: "The server that this document comes from" }],
    tags: TAGS.map((name) => ({ name })),
  });
}

function describeRoute(route: Route, sensorUrl: string | null): RouteConfig {
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
    tags: [route.tag],
    ...(route.tag === "For sensors" && sensorUrl !== null ? { servers: [{ url: sensorUrl }] } : {}),
    summary: route.summary,
    description: describeAccess(route) + describeRecency(route),
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
        ...(route.file
          ? { content: { [route.file]: { schema: z.string().meta({ format: "binary" }) } } }
          : {}),
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

function describeAccess(route: Route): string {
  const { access } = route;
  const signed = route.isSignedByNewKey ? ", which signs the request with its new key" : "";
  switch (access) {
    case "public":
      return "Anyone may call it.";
    case "sensor":
      return "For an enrolled sensor, which signs the request.";
    case "enrollment-token":
      return `For a host with an enrollment token${signed}.`;
    case "re-enrollment-ticket":
      return `For a host with a re-enrollment ticket${signed}.`;
    case "signed-in":
      return "For anyone who is signed in.";
    default:
      return `Needs the permission \`${access}\`.`;
  }
}

function describeRecency({ recentSignIn }: Route): string {
  if (recentSignIn === undefined) return "";
  const what = recentSignIn === "always" ? "A user" : "For some inputs, a user";
  return ` ${what} must have signed in or confirmed their identity in the last 15 minutes. API keys are exempt.`;
}

function securityOf(route: Route): Record<string, string[]>[] {
  const signature: Record<string, string[]> = isSigned(route) ? { sensorSignature: [] } : {};
  switch (route.access) {
    case "public":
      return [];
    case "sensor":
      return [signature];
    case "enrollment-token":
      return [{ enrollmentToken: [], ...signature }];
    case "re-enrollment-ticket":
      return [{ reEnrollmentTicket: [], ...signature }];
    case "api-keys:manage":
      // An API key cannot manage API keys.
      return [{ session: [] }];
    default:
      return [{ session: [] }, { apiKey: [] }];
  }
}
