// Decisions of the router before it shows a page: whether the user must set up the server or sign in first.
import { type Account, getSetup } from "@attacklens/protocol/account.ts";
import { redirect } from "@tanstack/react-router";
import { callApi, problemOf } from "../../api.ts";
import { CACHED, type RouterContext } from "../../loading.ts";
import { pathAfterSignIn, paths } from "../../paths.ts";
import { meQuery, setupQuery } from "../../queries.ts";
import { takeSetupCode } from "./setup-code.ts";

interface Load {
  context: RouterContext;
}

/** Returns the setup code, or undefined when the page was opened without its link. */
export async function loadSetup({ context }: Load): Promise<string | undefined> {
  const code = takeSetupCode();
  const { needed } = await context.queryClient.query(setupQuery);
  if (!needed) throw redirect(paths.signIn());
  return code;
}

/** A signed-in user goes on to the page that they wanted to open. */
export async function loadSignIn({ deps }: { deps: { then?: string } }): Promise<void> {
  // Never from the cache, which can be from before the session ended.
  const { needed, isSignedIn } = await callApi(getSetup, {});
  if (needed) throw redirect(paths.setup());
  if (isSignedIn) throw redirect({ href: pathAfterSignIn(deps.then), replace: true });
}

export async function requireSignIn({
  context,
  location,
}: Load & { location: { href: string } }): Promise<{ me: Account }> {
  let me: Account;
  try {
    me = await context.queryClient.query({ ...meQuery, ...CACHED });
  } catch (error) {
    if (problemOf(error).code !== "not-signed-in") throw error;
    throw redirect(paths.signIn(location.href));
  }
  if (me.mustAddSecondFactor) throw redirect(paths.secondFactor(location.href));
  return { me };
}
