// The caller's own account: set-up, sign-in, sign-out, who am I.
import { z } from "zod";
import { PERMISSIONS, ROLES } from "./permissions.ts";
import { route } from "./route.ts";
import { label } from "./text.ts";

/** Characters a password has at the least and at the most. */
export const PASSWORD_LENGTH = { min: 12, max: 200 } as const;

const email = z
  .email("must be an email address")
  .max(254)
  .transform((text) => text.toLowerCase())
  .meta({ example: "ada@example.com" });

export const account = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    permissions: z.array(z.enum(PERMISSIONS)),
  })
  .meta({ id: "Account" });
export type Account = z.infer<typeof account>;

export const getMe = route({
  name: "me.get",
  method: "GET",
  path: "/api/v1/me",
  access: "signed-in",
  tag: "Set-up and sign-in",
  summary: "Who is signed in, and what they may do",
  status: 200,
  output: account,
});

export const getSetup = route({
  name: "setup.get",
  method: "GET",
  path: "/api/v1/setup",
  access: "public",
  tag: "Set-up and sign-in",
  summary: "Whether this installation still waits for its first Super Admin",
  status: 200,
  output: z.object({ needed: z.boolean() }),
});

export const completeSetup = route({
  name: "setup.complete",
  method: "POST",
  path: "/api/v1/setup",
  access: "public",
  tag: "Set-up and sign-in",
  summary: "Create the first Super Admin with the code of the set-up link; signs in",
  body: z.strictObject({
    code: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: "From the link that the server printed at first start" }),
    name: label,
    email,
    password: z
      .string()
      .min(PASSWORD_LENGTH.min, `must have at least ${PASSWORD_LENGTH.min} characters`)
      .max(PASSWORD_LENGTH.max, `must have at most ${PASSWORD_LENGTH.max} characters`),
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
  tag: "Set-up and sign-in",
  summary: "Sign in; the session is an HTTP-only cookie",
  body: z.strictObject({ email, password: z.string().min(1).max(PASSWORD_LENGTH.max) }),
  status: 200,
  output: account,
  problems: ["wrong-credentials", "too-many-requests"],
});

export const signOut = route({
  name: "session.delete",
  method: "DELETE",
  path: "/api/v1/session",
  access: "signed-in",
  tag: "Set-up and sign-in",
  summary: "Sign out: the session ends on the server",
  status: 204,
  // An API key has no session.
  problems: ["state-conflict"],
});
