import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import { handler } from "../route-handler.ts";
import {
  createEnrollmentToken,
  deleteEnrollmentToken,
  getEnrollmentToken,
  listEnrollmentTokens,
  revokeEnrollmentToken,
} from "./enrollment-tokens.ts";

export const enrollmentTokenRoutes = [
  handler(routes.listEnrollmentTokens, ({ query, user }, { db, now }) =>
    listEnrollmentTokens(db, now(), user, query),
  ),
  handler(routes.createEnrollmentToken, ({ body, user }, { db, now }) =>
    createEnrollmentToken(db, now(), user, body),
  ),
  handler(routes.getEnrollmentToken, ({ params, user }, { db, now }) =>
    getEnrollmentToken(db, now(), user, params.id),
  ),
  handler(routes.revokeEnrollmentToken, ({ params, user }, { db, now }) =>
    revokeEnrollmentToken(db, now(), user, params.id),
  ),
  handler(routes.deleteEnrollmentToken, async ({ params, user }, { db, now }) => {
    await deleteEnrollmentToken(db, now(), user, params.id);
    return undefined;
  }),
];
