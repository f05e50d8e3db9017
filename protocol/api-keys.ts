// API keys: what a program shows instead of a person's session. The value is in the creating reply, nowhere else.
import { z } from "zod";
import { apiKeyId } from "./ids.ts";
import { can, page, pageQuery } from "./page.ts";
import { ROLES } from "./permissions.ts";
import { route } from "./route.ts";
import { instant, instantInput, label } from "./text.ts";

/** In the order in which they are decided: the first that holds is the status. */
export const API_KEY_STATUSES = ["revoked", "expired", "maker-gone", "active"] as const;
export type ApiKeyStatus = (typeof API_KEY_STATUSES)[number];

/** The longest life of a key. */
export const MAX_API_KEY_DAYS = 366;

export const apiKey = z
  .object({
    id: apiKeyId,
    name: z.string(),
    role: z.enum(ROLES).meta({ description: "What it may do, unless its maker's own role is lower by now" }),
    hint: z.string().length(4).meta({ description: "Last four characters of the value, to tell keys apart" }),
    status: z.enum(API_KEY_STATUSES).meta({
      description: "maker-gone: who made it is disabled, and the key with them",
    }),
    createdAt: instant,
    createdBy: z.string().meta({ description: "Name of the person" }),
    expiresAt: instant,
    lastUsedAt: instant.nullable().meta({ description: "To the minute; null: never" }),
    lastUsedAddress: z.string().nullable().meta({ description: "As the server saw it" }),
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
  query: pageQuery(["createdAt", "name", "expiresAt", "lastUsedAt"], "desc"),
  status: 200,
  output: page(apiKey),
});

export const createApiKey = route({
  name: "apiKeys.create",
  method: "POST",
  path: base,
  access: "api-keys:manage",
  tag: "API keys",
  summary: "Create an API key; the reply holds its value, which is not stored and cannot be had again",
  body: z.strictObject({
    name: label,
    role: z.enum(ROLES).meta({ description: "Not above the caller's own" }),
    expiresAt: instantInput.meta({
      description: `In the future, at most ${MAX_API_KEY_DAYS} days ahead`,
      example: "2027-02-22T18:00:00Z",
    }),
  }),
  creates: true,
  status: 201,
  output: z.object({
    apiKey,
    value: z.string().meta({ description: "`atl_key_` and 49 characters; shown this once" }),
  }),
});

export const revokeApiKey = route({
  name: "apiKeys.revoke",
  method: "POST",
  path: `${base}/{id}/revoke`,
  access: "api-keys:manage",
  tag: "API keys",
  summary: "Revoke an API key for good: it is refused from the next request on",
  params: z.strictObject({ id: apiKeyId }),
  status: 200,
  output: apiKey,
  problems: ["state-conflict"],
});
