// Server-sent events (WHATWG HTML, section 9.2) that tell an open page what to reload. They name only the
// kind of object. The page reads the objects through routes that check permissions.
import { z } from "zod";
import { route } from "./route.ts";

export const CHANGE_TOPICS = [
  "api-key",
  "asset",
  "asset-group",
  "enrollment-attempt",
  "enrollment-token",
  "sensor",
  "update-ring",
  "user",
  "view",
] as const;
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

/** The data of a `change` event. */
export const changeEvent = z.object({
  topics: z
    .array(z.enum(CHANGE_TOPICS))
    .meta({ description: "Kinds of objects that changed. Empty: anything may have changed" }),
});

export const streamChanges = route({
  name: "changes.stream",
  method: "GET",
  path: "/api/v1/changes",
  access: "signed-in",
  tag: "Changes",
  summary:
    'Stream changes: `change` events with JSON data, `{ topics: ["sensor"] }`. The stream ends after two minutes; open it again',
  status: 200,
  streams: "text/event-stream",
  problems: ["too-many-requests"],
});
