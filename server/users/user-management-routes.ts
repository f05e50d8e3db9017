import { userExports } from "@attacklens/protocol/list-exports.ts";
import type { Route, RouteOutput } from "@attacklens/protocol/route.ts";
import * as routes from "@attacklens/protocol/users.ts";
import {
  exportHandlers,
  type HandlerRequest,
  handler,
  type RouteHandler,
  type Services,
} from "../route-handler.ts";
import * as changes from "./user-changes.ts";
import { exportUsers } from "./user-export.ts";
import { getUser, listUsers } from "./user-list.ts";
import { editorOf } from "./user-rules.ts";

export const userManagementRoutes = [
  handler(routes.listUsers, ({ query, user }, { reads, now }) => listUsers(reads, now(), user, query)),
  ...exportHandlers(userExports, ({ query, user, http: { checkAgain } }, { longReads, now }, format) =>
    exportUsers(longReads, user, { format, now: now(), query, checkAgain }),
  ),
  handler(routes.getUser, ({ params, user }, { reads, now }) => getUser(reads, now(), user, params.id)),
  managing(routes.inviteUser, async ({ body, user, idempotency }, { db, now }) => {
    const { id, link } = await changes.inviteUser(db, now(), editorOf(user), body, idempotency);
    return { user: await getUser(db, now(), user, id), link };
  }),
  managing(routes.updateUser, async ({ params, body, user }, { db, now }) => {
    await changes.changeRole(db, now(), editorOf(user), params.id, body.role);
    return await getUser(db, now(), user, params.id);
  }),
  managing(routes.disableUser, async ({ params, user }, { db, now }) => {
    await changes.disableUser(db, now(), editorOf(user), params.id);
    return await getUser(db, now(), user, params.id);
  }),
  managing(routes.enableUser, async ({ params, user }, { db, now }) => {
    await changes.enableUser(db, now(), editorOf(user), params.id);
    return await getUser(db, now(), user, params.id);
  }),
  managing(routes.renewInvitation, async ({ params, user }, { db, now }) => {
    const link = await changes.renewInvitation(db, now(), editorOf(user), params.id);
    return { user: await getUser(db, now(), user, params.id), link };
  }),
  managing(routes.createResetLink, async ({ params, user }, { db, now }) => {
    const link = await changes.createResetLink(db, now(), editorOf(user), params.id);
    return { user: await getUser(db, now(), user, params.id), link };
  }),
  managing(routes.deleteUser, async ({ params, user }, { db, now }) => {
    await changes.deleteUser(db, now(), editorOf(user), params.id);
    return undefined;
  }),
];

/** All changes of users pass here: the place for a requirement that they share. */
function managing<R extends Route>(
  route: R,
  handle: (request: HandlerRequest<R>, services: Services) => Promise<RouteOutput<R>>,
): RouteHandler {
  return handler(route, handle);
}
