import { listArrivals as arrivalsRoute } from "@attacklens/protocol/arrivals.ts";
import * as attempts from "@attacklens/protocol/enrollment-attempts.ts";
import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import { enrollmentExports, tokenExports } from "@attacklens/protocol/list-exports.ts";
import * as blocking from "@attacklens/protocol/revoke-and-block.ts";
import * as rollout from "@attacklens/protocol/rollout.ts";
import * as actions from "@attacklens/protocol/token-actions.ts";
import { openBulk, previewBulk } from "../bulk/bulk.ts";
import { requireRecentSignIn } from "../permitted.ts";
import { exportHandlers, handler } from "../route-handler.ts";
import { jsonLines, streamText } from "../streamed-text.ts";
import { listArrivals } from "./arrivals.ts";
import { exportEnrollments } from "./attempt-export.ts";
import { countEnrollmentDays, listEnrollmentAttempts } from "./attempts.ts";
import { createEnrollmentToken } from "./create-token.ts";
import { getEnrollmentToken, listEnrollmentTokens } from "./enrollment-tokens.ts";
import { previewEnrollmentToken, revokeAndBlockEnrollmentToken } from "./revoke-and-block.ts";
import { getRollout, setRollout } from "./rollout.ts";
import { rotateEnrollmentToken } from "./rotate-token.ts";
import { getTimeline } from "./timeline.ts";
import { runTokenAction, tokenCandidates } from "./token-actions.ts";
import { actOnToken, deleteEnrollmentToken, updateEnrollmentToken } from "./token-changes.ts";
import { exportTokens } from "./token-export.ts";

export const enrollmentTokenRoutes = [
  handler(routes.listEnrollmentTokens, ({ query, user }, { reads, now }) =>
    listEnrollmentTokens(reads, now(), user, query),
  ),
  ...exportHandlers(tokenExports, ({ query, user, http: { checkAgain } }, { longReads, now }, format) =>
    exportTokens(longReads, user, { format, now: now(), query, checkAgain }),
  ),
  handler(actions.previewTokenAction, ({ body, user }, { reads, now }) =>
    previewBulk(tokenCandidates(reads, now(), user, body)),
  ),
  handler(actions.runTokenAction, async ({ body, user, http }, { db, reads, now, log }) => {
    if (body.action === "delete") requireRecentSignIn(user);
    const candidates = tokenCandidates(reads, now(), user, body);
    const start = await openBulk(candidates, body.fingerprint, (tx, some) =>
      runTokenAction(tx, now(), user, body.action, some),
    );
    http.replyStream = streamText(jsonLines(start(db, http.checkAgain)), log);
    return undefined;
  }),
  handler(routes.createEnrollmentToken, ({ body, user, idempotency }, { db, now }) =>
    createEnrollmentToken(db, now(), user, body, idempotency),
  ),
  handler(routes.getEnrollmentToken, ({ params, user }, { reads, now }) =>
    getEnrollmentToken(reads, now(), user, params.id),
  ),
  handler(routes.updateEnrollmentToken, ({ params, body, user }, { db, now }) =>
    updateEnrollmentToken(db, now(), user, params.id, body),
  ),
  handler(routes.pauseEnrollmentToken, ({ params, user }, { db, now }) =>
    actOnToken(db, now(), user, "pause", params.id),
  ),
  handler(routes.resumeEnrollmentToken, ({ params, user }, { db, now }) =>
    actOnToken(db, now(), user, "resume", params.id),
  ),
  handler(routes.rotateEnrollmentToken, ({ params, body, user, idempotency }, { db, now }) =>
    rotateEnrollmentToken(db, now(), user, params.id, body, idempotency),
  ),
  handler(
    blocking.previewEnrollmentToken,
    ({ params, query, user }, { reads, now, checkInIntervalSeconds }) =>
      previewEnrollmentToken(reads, { now: now(), checkInIntervalSeconds, user }, params.id, query),
  ),
  handler(routes.revokeEnrollmentToken, ({ params, user }, { db, now }) =>
    actOnToken(db, now(), user, "revoke", params.id),
  ),
  handler(blocking.revokeAndBlockEnrollmentToken, ({ params, body, user }, { db, now }) =>
    revokeAndBlockEnrollmentToken(db, now(), user, params.id, body),
  ),
  handler(routes.deleteEnrollmentToken, async ({ params, user }, { db, now }) => {
    await deleteEnrollmentToken(db, now(), user, params.id);
    return undefined;
  }),
  ...exportHandlers(enrollmentExports, ({ query, http: { checkAgain } }, { longReads, now }, format) =>
    exportEnrollments(longReads, { format, now: now(), query, checkAgain }),
  ),
  handler(attempts.listEnrollmentAttempts, ({ query }, { reads }) => listEnrollmentAttempts(reads, query)),
  handler(attempts.getEnrollmentDays, ({ query }, { reads, now }) =>
    countEnrollmentDays(reads, now(), query),
  ),
  handler(rollout.getRollout, ({ params }, { reads }) => getRollout(reads, params.id)),
  handler(rollout.setRollout, ({ params, body, user }, { db, now }) =>
    setRollout(db, now(), user, params.id, body),
  ),
  handler(rollout.getTimeline, ({ params, query }, { reads, now }) =>
    getTimeline(reads, now(), params.id, query.range),
  ),
  handler(arrivalsRoute, ({ params, query }, { reads, now, checkInIntervalSeconds }) =>
    listArrivals(reads, { now: now(), checkInIntervalSeconds }, params.id, query),
  ),
];
