import * as routes from "@attacklens/protocol/account.ts";
import * as sessionRoutes from "@attacklens/protocol/sessions.ts";
import { handler } from "../route-handler.ts";
import { changeName, changePassword } from "./account.ts";
import { listSessions, revokeAllSessions, revokeSession } from "./sessions.ts";

export const accountRoutes = [
  handler(routes.updateMe, ({ body, user }, { db, now }) => changeName(db, now(), user, body.name)),
  handler(routes.changePassword, async ({ body, user, http }, { db, now, signIn }) => {
    await signIn.requirePassword(user, body.currentPassword, "currentPassword", http);
    return await changePassword(db, now(), user, body.newPassword);
  }),
  handler(sessionRoutes.confirmIdentity, async ({ body, user, http }, { signIn }) => {
    await signIn.requirePassword(user, body.password, "password", http);
    await signIn.confirm(user);
    return undefined;
  }),
  handler(sessionRoutes.listSessions, ({ user }, { db, signIn }) => listSessions(db, signIn.now(), user)),
  handler(sessionRoutes.revokeSession, async ({ params, user }, { db, now }) => {
    await revokeSession(db, now(), user, params.id);
    return undefined;
  }),
  handler(sessionRoutes.revokeAllSessions, async ({ user }, { db, now }) => {
    await revokeAllSessions(db, now(), user);
    return undefined;
  }),
];
