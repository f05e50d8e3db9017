import * as routes from "@attacklens/protocol/account.ts";
import * as links from "@attacklens/protocol/one-time-links.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { HttpRequest } from "../caller.ts";
import { handler } from "../route-handler.ts";
import { acceptLink, lookUpLink } from "./one-time-links.ts";
import { completeSetup, isSetupNeeded } from "./set-up.ts";
import { presentAccount } from "./users.ts";

export const userRoutes = [
  handler(routes.getMe, async ({ user }) => presentAccount(user)),
  handler(routes.getSetup, async (_, { db }) => ({ needed: await isSetupNeeded(db) })),
  handler(routes.completeSetup, async ({ body, http }, { db, now, signIn, setupAttempts }) => {
    const { code, ...person } = body;
    await completeSetup(db, now(), code, person, () => setupAttempts.countWrongCode(http.address));
    const { user, cookies } = await signIn.signIn(person.email, person.password, http);
    setCookies(http, cookies);
    return presentAccount(user);
  }),
  handler(routes.signIn, async ({ body, http }, { signIn }) => {
    const { user, cookies } = await signIn.signIn(body.email, body.password, http);
    setCookies(http, cookies);
    return presentAccount(user);
  }),
  handler(links.lookUpLink, ({ body, http }, { db, now, linkAttempts }) =>
    lookUpLink(db, now(), body.value, () => linkAttempts.countUnknownLink(http.address)),
  ),
  handler(links.useLink, async ({ body, http }, { db, now, signIn, linkAttempts }) => {
    const email = await acceptLink(db, now(), { ...body, address: http.address }, () =>
      linkAttempts.countUnknownLink(http.address),
    );
    const { user, cookies } = await signIn.signIn(email, body.password, http);
    setCookies(http, cookies);
    return presentAccount(user);
  }),
  handler(routes.signOut, async ({ user, http }, { signIn }) => {
    if (user.apiKey) throw new Problem("state-conflict", "An API key is revoked, not signed out");
    setCookies(http, await signIn.signOut(user, http.headers));
    return undefined;
  }),
];

function setCookies(http: HttpRequest, cookies: string[]): void {
  for (const cookie of cookies) http.replyHeaders.append("set-cookie", cookie);
}
