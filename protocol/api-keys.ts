// API keys: credentials for programs, instead of a user's session. Only the reply that creates a key contains
// its value.
import { z } from "zod";
import { apiKeyId } from "./ids.ts";
import { can, page, pageQuery } from "./page.ts";
import { ROLES } from "./permissions.ts";
import { route } from "./route.ts";
import { instant, instantInput, label } from "./text.ts";

/** In order of precedence: the first that applies is the status. */
export const API_KEY_STATUSES = ["revoked", "expired", "maker-gone", "active"] as const;
export type ApiKeyStatus = (typeof API_KEY_STATUSES)[number];

/** Maximum lifetime of a key. */
export const MAX_API_KEY_DAYS = 366;

export const apiKey = z
  .object({
    id: apiKeyId,
    name: z.string(),
    role: z.enum(ROLES).meta({
      description: "Role of the key. If the current role of its creator is lower, that one applies",
    }),
    hint: z
      .string()
      .length(4)
      .meta({ description: "Last four characters of the value, to distinguish keys" }),
    status: z.enum(API_KEY_STATUSES).meta({
      description: "maker-gone: the user who created the key is disabled or deleted, so the key is refused",
    }),
    createdAt: instant,
    createdBy: z.string().meta({ description: "Name of the user" }),
    expiresAt: instant,
    lastUsedAt: instant.nullable().meta({ description: "To the minute; null: never" }),
    lastUsedAddress: z.string().nullable().meta({ description: "IP address, as seen by the server" }),
    revokedAt: instant.nullable(),
    revokedBy: z.string().nullable(),
    can: z.object({ revoke: can }),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof apiKey>;

const base = "/api/v1/api-keys";

export const listApiKeys = route({
  name: "apiKeys.list",
  method: "GET",
  path: base,
  access: "api-keys:manage",
  tag: "API keys",
  summary: "List API keys",
  query: pageQuery(
    ["createdAt", "name", "role", "status", "hint", "createdBy", "expiresAt", "lastUsedAt"],
    "desc",
  ),
  status: 200,
  output: page(apiKey),
});

export const createApiKey = route({
  name: "apiKeys.create",
  method: "POST",
  path: base,
  access: "api-keys:manage",
  recentSignIn: "always",
  tag: "API keys",
  summary: "Create an API key. Only this reply contains its value: the server does not store it",
  body: z.strictObject({
    name: label,
    role: z.enum(ROLES).meta({ description: "Not higher than the caller's role" }),
    expiresAt: instantInput.meta({
      description: `In the future, at most ${MAX_API_KEY_DAYS} days ahead`,
      example: "2027-02-22T18:00:00Z",
    }),
  }),
  creates: true,
  showsSecret: true,
  status: 201,
  output: z.object({
    apiKey,
    value: z.string().meta({ description: "`atl_key_` and 49 characters; returned only once" }),
  }),
});

export const revokeApiKey = route({
  name: "apiKeys.revoke",
  method: "POST",
  path: `${base}/{id}/revoke`,
  access: "api-keys:manage",
  recentSignIn: "always",
  tag: "API keys",
  summary: "Revoke an API key permanently. The server refuses it from the next request on",
  params: z.strictObject({ id: apiKeyId }),
  status: 200,
  output: apiKey,
  problems: ["state-conflict"],
});
