// One-time links: with one, an invited user or a user who forgot the password sets a new one. The value is
// in the fragment of the URL, which browsers do not send, and in the body of these requests.
import { z } from "zod";
import { account, newPassword } from "./account.ts";
import { ROLES } from "./permissions.ts";
import { route } from "./route.ts";
import { instant, label } from "./text.ts";

export const LINK_PURPOSES = ["invitation", "password-reset"] as const;
export type LinkPurpose = (typeof LINK_PURPOSES)[number];

export const LINK_HOURS: Record<LinkPurpose, number> = { invitation: 7 * 24, "password-reset": 24 };

/** The pages of the console that links open. */
const LINK_PAGES: Record<LinkPurpose, string> = { invitation: "/accept", "password-reset": "/reset" };

/** Returns the URL of a link. `base`: the URL of the console. */
export function linkUrl(base: string, purpose: LinkPurpose, value: string): string {
  return `${base.replace(/\/+$/, "")}${LINK_PAGES[purpose]}#${value}`;
}

const value = z.string().max(200).meta({ description: "`atl_lnk_` and 49 characters" });

/** The reply that creates a link. Only this reply contains its value. */
export const createdLink = z.object({
  purpose: z.enum(LINK_PURPOSES),
  value: value.meta({
    description: "Append it to `/accept#` (invitation) or `/reset#` (password reset) of the console's URL",
  }),
  expiresAt: instant,
});
export type CreatedLink = z.infer<typeof createdLink>;

export const shownLink = z
  .object({
    purpose: z.enum(LINK_PURPOSES),
    name: z.string(),
    email: z.string(),
    role: z.enum(ROLES),
    createdBy: z
      .string()
      .nullable()
      .meta({ description: "Name of the user who created the link; null: the operator of the server" }),
    expiresAt: instant,
  })
  .meta({ id: "OneTimeLink" });
export type ShownLink = z.infer<typeof shownLink>;

export const lookUpLink = route({
  name: "oneTimeLinks.lookUp",
  method: "POST",
  path: "/api/v1/one-time-links/look-up",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Get the user that a one-time link is for. The link can still be used afterwards",
  body: z.strictObject({ value }),
  status: 200,
  output: shownLink,
  problems: ["link-invalid", "too-many-requests"],
});

export const useLink = route({
  name: "oneTimeLinks.use",
  method: "POST",
  path: "/api/v1/one-time-links/use",
  access: "public",
  tag: "Setup and sign-in",
  summary: "Set a password with a one-time link, and sign in. The link then no longer works",
  body: z.strictObject({
    value,
    name: label.optional().meta({ description: "With an invitation: the user's name" }),
    password: newPassword,
  }),
  status: 200,
  output: account,
  problems: ["link-invalid", "too-many-requests", "wrong-credentials"],
});
