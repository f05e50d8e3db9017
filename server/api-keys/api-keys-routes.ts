import * as routes from "@attacklens/protocol/api-keys.ts";
import { handler } from "../route-handler.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";

export const apiKeyRoutes = [
  handler(routes.listApiKeys, ({ query, user }, { reads, now }) => listApiKeys(reads, now(), user, query)),
  handler(routes.createApiKey, ({ body, user, idempotency }, { db, now }) =>
    createApiKey(db, now(), user, body, idempotency),
  ),
  handler(routes.revokeApiKey, ({ params, user }, { db, now }) => revokeApiKey(db, now(), user, params.id)),
];
