// Server-sent events (WHATWG HTML, section 9.2): what has changed, so that an open page asks for it again. Nouns only: what
// they hold is read by the routes that check who may.
import { z } from "zod";
import { route } from "./route.ts";

export const CHANGE_TOPICS = [
  "api-key",
  "asset",
  "asset-group",
  "enrollment-attempt",
  "enrollment-token",
  "sensor",
  "user",
] as const;
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

/** The data of a `change` event. */
export const changeEvent = z.object({
  topics: z.array(z.enum(CHANGE_TOPICS)).meta({ description: "Empty: anything may have changed" }),
});

export const streamChanges = route({
  name: "changes.stream",
  method: "GET",
  path: "/api/v1/changes",
  access: "signed-in",
  tag: "Changes",
  summary:
    'Follow changes: `change` events whose data is JSON, `{ topics: ["sensor"] }`. The stream ends after two minutes; open it again',
  status: 200,
  streams: "text/event-stream",
  problems: ["too-many-requests"],
});
