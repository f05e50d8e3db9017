// The caller's sessions, and the confirmation that it is still the user who uses the current one.
import { z } from "zod";
import { PASSWORD_LENGTH } from "./account.ts";
import { sessionId } from "./ids.ts";
import { route } from "./route.ts";
import { instant } from "./text.ts";

export const session = z
  .object({
    id: sessionId,
    isCurrent: z.boolean().meta({ description: "The session of this request" }),
    userAgent: z
      .string()
      .nullable()
      .meta({ description: "As the browser sent it at sign-in; null: it sent none" }),
    address: z.string().nullable().meta({ description: "IP address of the last use, as seen by the server" }),
    startedAt: instant,
    lastUsedAt: instant.meta({ description: "To the minute" }),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof session>;

const base = "/api/v1/me/sessions";

export const listSessions = route({
  name: "sessions.list",
  method: "GET",
  path: base,
  access: "signed-in",
  needsSession: true,
  tag: "Account",
  summary: "List your sessions, the latest first",
  status: 200,
  output: z.object({ items: z.array(session) }),
});

export const revokeSession = route({
  name: "sessions.revoke",
  method: "DELETE",
  path: `${base}/{id}`,
  access: "signed-in",
  needsSession: true,
  tag: "Account",
  summary: "End one of your sessions. The server refuses it from the next request on, and ends its streams",
  params: z.strictObject({ id: sessionId }),
  status: 204,
});

export const revokeAllSessions = route({
  name: "sessions.revokeAll",
  method: "DELETE",
  path: base,
  access: "signed-in",
  needsSession: true,
  tag: "Account",
  summary: "End all your sessions, including this one",
  status: 204,
});

export const confirmIdentity = route({
  name: "session.confirm",
  method: "POST",
  path: "/api/v1/session/confirm",
  access: "signed-in",
  beforeSecondFactor: true,
  needsSession: true,
  tag: "Setup and sign-in",
  summary:
    "Confirm that it is you with your password. The session then counts as a recent sign-in for 15 minutes",
  body: z.strictObject({ password: z.string().min(1).max(PASSWORD_LENGTH.max) }),
  status: 204,
});
