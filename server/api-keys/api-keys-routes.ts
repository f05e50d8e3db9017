import * as routes from "@attacklens/protocol/api-keys.ts";
import { apiKeyExports } from "@attacklens/protocol/list-exports.ts";
import { exportHandlers, handler } from "../route-handler.ts";
import { exportApiKeys } from "./api-key-export.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";

export const apiKeyRoutes = [
  handler(routes.listApiKeys, ({ query, user }, { reads, now }) => listApiKeys(reads, now(), user, query)),
  ...exportHandlers(apiKeyExports, ({ query, user, http: { checkAgain } }, { longReads, now }, format) =>
    exportApiKeys(longReads, user, { format, now: now(), query, checkAgain }),
  ),
  handler(routes.createApiKey, ({ body, user, idempotency }, { db, now }) =>
    createApiKey(db, now(), user, body, idempotency),
  ),
  handler(routes.revokeApiKey, ({ params, user }, { db, now }) => revokeApiKey(db, now(), user, params.id)),
];
