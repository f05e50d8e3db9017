// Passkeys (WebAuthn, Level 3): a key pair on the user's device, which confirms the user by a fingerprint, a
// face or a PIN. A passkey replaces the password and the second factor.
import { z } from "zod";
import { account } from "./account.ts";
import { passkeyId } from "./ids.ts";
import { route } from "./route.ts";
import { instant, label } from "./text.ts";

export const passkey = z
  .object({ id: passkeyId, name: z.string(), addedAt: instant, lastUsedAt: instant.nullable() })
  .meta({ id: "Passkey" });
export type Passkey = z.infer<typeof passkey>;

/** JSON of WebAuthn, which the browser makes and reads. */
const browserJson = z.looseObject({});
const step = z.string().min(1).max(1_000).meta({ description: "`step` of the options" });
/** What `navigator.credentials` returned, as JSON. */
const response = z.looseObject({ id: z.string().min(1).max(1_400), response: browserJson });
const options = z.object({
  step: z.string().meta({ description: "Valid for 5 minutes" }),
  host: z.string().meta({ description: "The only host name at which these passkeys work" }),
  options: browserJson.meta({ description: "For `PublicKeyCredential.parse…OptionsFromJSON`" }),
});

const base = "/api/v1/me/passkeys";
const own = { access: "signed-in", needsSession: true, beforeSecondFactor: true, tag: "Account" } as const;

export const listPasskeys = route({
  ...own,
  name: "passkeys.list",
  method: "GET",
  path: base,
  summary: "List your passkeys",
  status: 200,
  output: z.object({ items: z.array(passkey) }),
});

export const startPasskey = route({
  ...own,
  recentSignIn: "always",
  name: "passkeys.start",
  method: "POST",
  path: `${base}/options`,
  summary: "Get the options with which the browser creates a passkey",
  status: 200,
  output: options,
  problems: ["state-conflict"],
});

export const addPasskey = route({
  ...own,
  recentSignIn: "always",
  name: "passkeys.add",
  method: "POST",
  path: base,
  summary: "Add a passkey that the browser created",
  body: z.strictObject({ step, name: label, response }),
  status: 201,
  output: passkey,
  problems: ["state-conflict"],
});

export const removePasskey = route({
  ...own,
  recentSignIn: "always",
  name: "passkeys.remove",
  method: "DELETE",
  path: `${base}/{id}`,
  summary: "Remove a passkey",
  params: z.strictObject({ id: passkeyId }),
  status: 204,
});

export const startPasskeySignIn = route({
  name: "session.startPasskey",
  method: "POST",
  path: "/api/v1/session/passkey/options",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Get the options with which the browser uses a passkey",
  status: 200,
  output: options,
  problems: ["state-conflict"],
});

export const signInWithPasskey = route({
  name: "session.createWithPasskey",
  method: "POST",
  path: "/api/v1/session/passkey",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Sign in with a passkey, without a password",
  body: z.strictObject({ step, response }),
  status: 200,
  output: account,
  problems: ["wrong-credentials", "too-many-requests"],
});

export const confirmWithPasskey = route({
  ...own,
  name: "session.confirmWithPasskey",
  method: "POST",
  path: "/api/v1/session/confirm/passkey",
  summary:
    "Confirm that it is you with a passkey. The session then counts as a recent sign-in for 15 minutes",
  body: z.strictObject({ step, response }),
  status: 204,
  problems: ["wrong-credentials", "too-many-requests"],
});
