import * as routes from "@attacklens/protocol/account.ts";
import * as passkeyRoutes from "@attacklens/protocol/passkeys.ts";
import * as sessionRoutes from "@attacklens/protocol/sessions.ts";
import * as factorRoutes from "@attacklens/protocol/two-factor.ts";
import { handler } from "../route-handler.ts";
import { changeName, changePassword } from "./account.ts";
import * as factors from "./second-factors.ts";
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
  handler(factorRoutes.getSecondFactors, async ({ user }, { db, signIn }) => ({
    ...(await factors.describeFactors(db, user)),
    isRequired: signIn.requiresSecondFactor,
  })),
  handler(factorRoutes.startAuthenticatorApp, ({ user }, { db, signIn, secret }) =>
    factors.startApp(db, signIn.now(), user, secret),
  ),
  handler(factorRoutes.confirmAuthenticatorApp, ({ body, user }, { db, signIn, secret }) =>
    factors.confirmApp(db, signIn.now(), user, secret, body.code),
  ),
  handler(factorRoutes.removeAuthenticatorApp, async ({ user }, { db, signIn }) => {
    await factors.removeApp(db, signIn.now(), user);
    return undefined;
  }),
  handler(factorRoutes.replaceRecoveryCodes, ({ user }, { db, signIn }) =>
    factors.replaceRecoveryCodes(db, signIn.now(), user),
  ),
  handler(passkeyRoutes.listPasskeys, ({ user }, { signIn }) => signIn.passkeys.list(user)),
  handler(passkeyRoutes.startPasskey, ({ user }, { signIn }) => signIn.passkeys.startAdding(user)),
  handler(passkeyRoutes.addPasskey, ({ body, user }, { signIn }) =>
    signIn.passkeys.add(user, body.step, body.name, body.response),
  ),
  handler(passkeyRoutes.removePasskey, async ({ params, user }, { signIn }) => {
    await signIn.passkeys.remove(user, params.id);
    return undefined;
  }),
  handler(passkeyRoutes.confirmWithPasskey, async ({ body, user, http }, { signIn }) => {
    await signIn.requireOwnPasskey(user, body.step, body.response, http);
    await signIn.confirm(user);
    return undefined;
  }),
];
