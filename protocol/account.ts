// The caller's own account: setup, sign-in and sign-out.
import { z } from "zod";
import { PERMISSIONS, ROLES } from "./permissions.ts";
import { route } from "./route.ts";
import { label } from "./text.ts";

/** Minimum and maximum number of characters of a password. */
export const PASSWORD_LENGTH = { min: 12, max: 200 } as const;

export const email = z
  .email("must be an email address")
  .max(254)
  .transform((text) => text.toLowerCase())
  .meta({ example: "ada@example.com" });

/** The server has further rules, such as a list of breached passwords. */
export const newPassword = z
  .string()
  .min(PASSWORD_LENGTH.min, `must have at least ${PASSWORD_LENGTH.min} characters`)
  .max(PASSWORD_LENGTH.max, `must have at most ${PASSWORD_LENGTH.max} characters`);

export const account = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    permissions: z.array(z.enum(PERMISSIONS)),
    mustAddSecondFactor: z.boolean().meta({
      description: "This installation requires a second factor. Until the user adds one, other requests fail",
    }),
  })
  .meta({ id: "Account" });

/** The reply to a correct password if the user has a second factor. */
const secondFactorNeeded = z
  .object({
    secondFactor: z.object({
      step: z.string().meta({ description: "For `session.complete`, valid for 5 minutes" }),
      methods: z.array(z.enum(["code", "passkey", "recoveryCode"])),
    }),
  })
  .meta({ id: "SecondFactorNeeded" });
export type SecondFactorNeeded = z.infer<typeof secondFactorNeeded>;
export const signInResult = z.union([account, secondFactorNeeded]);
export type Account = z.infer<typeof account>;

export const getMe = route({
  name: "me.get",
  method: "GET",
  path: "/api/v1/me",
  access: "signed-in",
  beforeSecondFactor: true,
  tag: "Setup and sign-in",
  summary: "Get the signed-in user and their permissions",
  status: 200,
  output: account,
});

export const updateMe = route({
  name: "me.update",
  method: "PATCH",
  path: "/api/v1/me",
  access: "signed-in",
  needsSession: true,
  tag: "Account",
  summary: "Change your name",
  body: z.strictObject({ name: label }),
  status: 200,
  output: account,
});

export const changePassword = route({
  name: "me.changePassword",
  method: "POST",
  path: "/api/v1/me/password",
  access: "signed-in",
  needsSession: true,
  tag: "Account",
  summary: "Change your password. All your other sessions end",
  body: z.strictObject({
    currentPassword: z.string().min(1).max(PASSWORD_LENGTH.max),
    newPassword,
  }),
  status: 200,
  output: z.object({
    endedSessions: z.int().meta({ description: "The number of other sessions that ended" }),
  }),
});

export const getSetup = route({
  name: "setup.get",
  method: "GET",
  path: "/api/v1/setup",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Check whether this installation still needs its first Super Admin, and whether you are signed in",
  status: 200,
  output: z.object({ needed: z.boolean(), isSignedIn: z.boolean() }),
});

export const completeSetup = route({
  name: "setup.complete",
  method: "POST",
  path: "/api/v1/setup",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Create the first Super Admin with the code of the setup link, and sign in",
  body: z.strictObject({
    code: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: "The code in the link that the server printed at its first start" }),
    name: label,
    email,
    password: newPassword,
  }),
  status: 201,
  output: account,
  problems: ["setup-closed", "too-many-requests"],
});

export const signIn = route({
  name: "session.create",
  method: "POST",
  path: "/api/v1/session",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Sign in. The session is an HTTP-only cookie",
  body: z.strictObject({ email, password: z.string().min(1).max(PASSWORD_LENGTH.max) }),
  status: 200,
  output: signInResult,
  problems: ["wrong-credentials", "too-many-requests"],
});

export const signOut = route({
  name: "session.delete",
  method: "DELETE",
  path: "/api/v1/session",
  access: "signed-in",
  beforeSecondFactor: true,
  tag: "Setup and sign-in",
  summary: "Sign out and end the session on the server",
  status: 204,
  // An API key has no session.
  problems: ["state-conflict"],
});
