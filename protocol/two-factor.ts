// The second factors of the caller: an authenticator app with one-time codes, recovery codes, and passkeys.
import { z } from "zod";
import { account } from "./account.ts";
import { route } from "./route.ts";
import { instant } from "./text.ts";

const code = z
  .string()
  .trim()
  .regex(/^\d{3} ?\d{3}$/, "must have 6 digits")
  .meta({ description: "The code that the authenticator app shows now", example: "123456" });
const recoveryCode = z.string().trim().min(1).max(100).meta({ example: "0123-4567-89ab-cdef" });
const recoveryCodes = z
  .array(z.string())
  .meta({ description: "Each can replace a second factor once. Shown only once" });

const base = "/api/v1/me/second-factors";
const own = {
  access: "signed-in",
  needsSession: true,
  beforeSecondFactor: true,
  tag: "Account",
} as const;

export const getSecondFactors = route({
  ...own,
  name: "secondFactors.get",
  method: "GET",
  path: base,
  summary: "Get your second factors",
  status: 200,
  output: z.object({
    authenticatorApp: z.object({ addedAt: instant }).nullable(),
    unusedRecoveryCodes: z.int(),
    isRequired: z.boolean().meta({ description: "This installation requires a second factor" }),
  }),
});

export const startAuthenticatorApp = route({
  ...own,
  recentSignIn: "always",
  name: "secondFactors.startAuthenticatorApp",
  method: "POST",
  path: `${base}/authenticator-app`,
  summary: "Create the secret of an authenticator app. It has no effect until you confirm a code",
  showsSecret: true,
  status: 200,
  output: z.object({
    secret: z.string().meta({ description: "Base32, to type into the app" }),
    uri: z.string().meta({ description: "The content of the QR code: `otpauth://totp/…`" }),
  }),
  problems: ["state-conflict"],
});

export const confirmAuthenticatorApp = route({
  ...own,
  recentSignIn: "always",
  name: "secondFactors.confirmAuthenticatorApp",
  method: "POST",
  path: `${base}/authenticator-app/confirm`,
  summary: "Confirm a code of the new authenticator app. From now on, signing in needs a code",
  body: z.strictObject({ code }),
  showsSecret: true,
  status: 200,
  output: z.object({ recoveryCodes }),
  problems: ["state-conflict"],
});

export const removeAuthenticatorApp = route({
  ...own,
  recentSignIn: "always",
  name: "secondFactors.removeAuthenticatorApp",
  method: "DELETE",
  path: `${base}/authenticator-app`,
  summary: "Remove the authenticator app and the recovery codes",
  status: 204,
  problems: ["state-conflict"],
});

export const replaceRecoveryCodes = route({
  ...own,
  recentSignIn: "always",
  name: "secondFactors.replaceRecoveryCodes",
  method: "POST",
  path: `${base}/recovery-codes`,
  summary: "Create new recovery codes. The earlier ones no longer work",
  showsSecret: true,
  status: 200,
  output: z.object({ recoveryCodes }),
  problems: ["state-conflict"],
});

export const completeSignIn = route({
  name: "session.complete",
  method: "POST",
  path: "/api/v1/session/second-factor",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Complete a sign-in with a second factor: a code of the authenticator app, or a recovery code",
  body: z.strictObject({
    step: z.string().min(1).max(1_000).meta({ description: "`step` of the sign-in" }),
    proof: z.union([z.strictObject({ code }), z.strictObject({ recoveryCode })]),
  }),
  status: 200,
  output: account,
  problems: ["wrong-credentials", "too-many-requests", "state-conflict"],
});
