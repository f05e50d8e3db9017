// Users of the console, managed by a Super Admin.
import { z } from "zod";
import { email } from "./account.ts";
import { userId } from "./ids.ts";
import { createdLink } from "./one-time-links.ts";
import { can, page, pageQuery } from "./page.ts";
import { ROLES } from "./permissions.ts";
import { route } from "./route.ts";
import { instant, label } from "./text.ts";

export const USER_STATUSES = ["active", "invited", "disabled"] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

export const USER_ACTIONS = ["changeRole", "disable", "enable", "reset", "renew", "delete"] as const;
export type UserAction = (typeof USER_ACTIONS)[number];

export const user = z
  .object({
    id: userId,
    name: z.string(),
    email: z.string(),
    role: z.enum(ROLES),
    status: z.enum(USER_STATUSES).meta({ description: "invited: has not accepted the invitation yet" }),
    lastSignInAt: instant.nullable().meta({ description: "null: never" }),
    createdAt: instant,
    invitationExpiresAt: instant.nullable().meta({
      description: "With the status invited: after this time, the invitation must be renewed",
    }),
    apiKeys: z.int().meta({
      description: "Valid API keys that the user created. They are refused while the user is disabled",
    }),
    can: z.object({ changeRole: can, disable: can, enable: can, reset: can, renew: can, delete: can }),
  })
  .meta({ id: "User" });
export type User = z.infer<typeof user>;

const params = z.strictObject({ id: userId });
const base = "/api/v1/users";
const common = { access: "users:manage", tag: "Users" } as const;
/** A stolen session must not create users, or take over others. */
const change = { ...common, recentSignIn: "always" } as const;
const userWithLink = z.object({ user, link: createdLink });

export const listUsers = route({
  ...common,
  name: "users.list",
  method: "GET",
  path: base,
  summary: "List users, except deleted ones",
  query: pageQuery(["name", "email", "role", "status", "lastSignInAt", "createdAt"]).extend({
    q: pageQuery(["name"]).shape.q.meta({
      description: "Search text: part of the name or the email, case-insensitive",
    }),
    role: z.enum(ROLES).optional(),
    status: z.enum(USER_STATUSES).optional(),
  }),
  status: 200,
  output: page(user),
});

export const inviteUser = route({
  ...change,
  name: "users.invite",
  method: "POST",
  path: base,
  summary: "Invite a user. Only this reply contains the value of the one-time link for them",
  body: z.strictObject({ name: label, email, role: z.enum(ROLES) }),
  creates: true,
  showsSecret: true,
  status: 201,
  output: userWithLink,
  problems: ["name-taken"],
});

export const getUser = route({
  ...common,
  name: "users.get",
  method: "GET",
  path: `${base}/{id}`,
  summary: "Get a user",
  params,
  status: 200,
  output: user,
});

export const updateUser = route({
  ...change,
  name: "users.update",
  method: "PATCH",
  path: `${base}/{id}`,
  summary: "Change the role of a user, from the user's next request",
  params,
  body: z.strictObject({ role: z.enum(ROLES) }),
  status: 200,
  output: user,
  problems: ["state-conflict"],
});

export const disableUser = route({
  ...change,
  name: "users.disable",
  method: "POST",
  path: `${base}/{id}/disable`,
  summary: "Disable a user. This ends the user's sessions. The user's API keys are refused",
  params,
  status: 200,
  output: user,
  problems: ["state-conflict"],
});

export const enableUser = route({
  ...change,
  name: "users.enable",
  method: "POST",
  path: `${base}/{id}/enable`,
  summary: "Enable a disabled user. The user's API keys work again, and the user must sign in again",
  params,
  status: 200,
  output: user,
  problems: ["state-conflict"],
});

export const renewInvitation = route({
  ...change,
  name: "users.renewInvitation",
  method: "POST",
  path: `${base}/{id}/invitation`,
  summary: "Create a new link for an invited user. Earlier links no longer work",
  params,
  showsSecret: true,
  status: 200,
  output: userWithLink,
  problems: ["state-conflict"],
});

export const createResetLink = route({
  ...change,
  name: "users.createResetLink",
  method: "POST",
  path: `${base}/{id}/reset-link`,
  summary:
    "Create a one-time link with which the user sets a new password. Its use removes their second factors. Earlier links no longer work",
  params,
  showsSecret: true,
  status: 200,
  output: userWithLink,
  problems: ["state-conflict"],
});

export const deleteUser = route({
  ...change,
  name: "users.delete",
  method: "DELETE",
  path: `${base}/{id}`,
  summary: "Delete a user, or withdraw an invitation. Lists and the audit log keep the user's name",
  params,
  status: 204,
  problems: ["state-conflict"],
});
