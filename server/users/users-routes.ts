import type { Account, SecondFactorNeeded } from "@attacklens/protocol/account.ts";
import * as routes from "@attacklens/protocol/account.ts";
import * as links from "@attacklens/protocol/one-time-links.ts";
import { signInWithPasskey, startPasskeySignIn } from "@attacklens/protocol/passkeys.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { completeSignIn } from "@attacklens/protocol/two-factor.ts";
import type { HttpRequest } from "../caller.ts";
import { handler, type Services } from "../route-handler.ts";
import { acceptLink, lookUpLink } from "./one-time-links.ts";
import { completeSetup, isSetupNeeded } from "./set-up.ts";
import { presentAccount } from "./users.ts";

export const userRoutes = [
  handler(routes.getMe, async ({ user }) => presentAccount(user)),
  handler(routes.getSetup, async ({ http }, { db, signIn }) => ({
    needed: await isSetupNeeded(db),
    isSignedIn: (await signIn.findSession(http)) !== undefined,
  })),
  handler(routes.completeSetup, async ({ body, http }, { db, secret, now, signIn, setupAttempts }) => {
    const { code, ...person } = body;
    await completeSetup({ db, secret }, now(), code, person, () =>
      setupAttempts.countWrongCode(http.address),
    );
    return presentFactorless(http, await signIn.signIn(person.email, person.password, http));
  }),
  handler(routes.signIn, async ({ body, http }, { signIn }) => {
    return presentSignIn(http, await signIn.signIn(body.email, body.password, http));
  }),
  handler(links.lookUpLink, ({ body, http }, { db, now, linkAttempts }) =>
    lookUpLink(db, now(), body.value, () => linkAttempts.countUnknownLink(http.address)),
  ),
  handler(links.useLink, async ({ body, http }, { db, now, signIn, linkAttempts }) => {
    const email = await acceptLink(db, now(), { ...body, address: http.address }, () =>
      linkAttempts.countUnknownLink(http.address),
    );
    return presentFactorless(http, await signIn.signIn(email, body.password, http));
  }),
  handler(completeSignIn, async ({ body, http }, { signIn }) =>
    presentSignedIn(http, await signIn.completeSignIn(body.step, body.proof, http)),
  ),
  handler(startPasskeySignIn, (_, { signIn }) => signIn.passkeys.startUsing()),
  handler(signInWithPasskey, async ({ body, http }, { signIn }) =>
    presentSignedIn(http, await signIn.signInWithPasskey(body.step, body.response, http)),
  ),
  handler(routes.signOut, async ({ user, http }, { signIn }) => {
    if (user.apiKey) throw new Problem("state-conflict", "An API key is revoked, not signed out");
    setCookies(http, await signIn.signOut(user, http.headers));
    return undefined;
  }),
];

type SignInResult = Awaited<ReturnType<Services["signIn"]["signIn"]>>;
type SignedIn = Exclude<SignInResult, { step: string }>;

function presentSignIn(http: HttpRequest, result: SignInResult): Account | SecondFactorNeeded {
  return "step" in result ? { secondFactor: result } : presentSignedIn(http, result);
}

/** A new user has no second factor, and a one-time link has removed those of its user. */
function presentFactorless(http: HttpRequest, result: SignInResult): Account {
  if ("step" in result) throw new Error("the user has a second factor");
  return presentSignedIn(http, result);
}

function presentSignedIn(http: HttpRequest, { user, cookies }: SignedIn): Account {
  setCookies(http, cookies);
  return presentAccount(user);
}

function setCookies(http: HttpRequest, cookies: string[]): void {
  for (const cookie of cookies) http.replyHeaders.append("set-cookie", cookie);
}
