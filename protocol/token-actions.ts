// Actions on all enrollment tokens that match a filter.
import { bulkBodies, bulkPreview, PROGRESS_TYPE } from "./bulk.ts";
import { listEnrollmentTokens } from "./enrollment-tokens.ts";
import { route } from "./route.ts";

export const TOKEN_BULK_ACTIONS = ["pause", "resume", "revoke", "delete"] as const;
export type TokenBulkAction = (typeof TOKEN_BULK_ACTIONS)[number];

const bulk = bulkBodies(TOKEN_BULK_ACTIONS, listEnrollmentTokens.query);

export const previewTokenAction = route({
  name: "enrollmentTokens.previewAction",
  method: "POST",
  path: "/api/v1/enrollment-token-actions/preview",
  access: "enrollment-tokens:manage",
  tag: "Enrollment tokens",
  summary: "Preview an action on all enrollment tokens that match a filter",
  body: bulk.preview,
  status: 200,
  output: bulkPreview,
});

export const runTokenAction = route({
  name: "enrollmentTokens.runAction",
  method: "POST",
  path: "/api/v1/enrollment-token-actions",
  access: "enrollment-tokens:manage",
  // To delete.
  recentSignIn: "in-part",
  tag: "Enrollment tokens",
  summary:
    "Pause, resume, revoke or delete all enrollment tokens that match a filter. The reply is a line of JSON for each progress; the last one has `isFinished`. The action ends when the connection ends",
  body: bulk.action,
  status: 200,
  streams: PROGRESS_TYPE,
  problems: ["state-conflict"],
});
