// Writes every error reply (RFC 9457): the detail for the caller, the cause for the log.
import { PROBLEMS, Problem, type ProblemBody, problemType } from "@attacklens/protocol/problems.ts";
import { isDuplicate, isOutage, isTransient } from "../db/dialect.ts";

/**
 * Converts a thrown value to a problem: a database outage or a lock timeout is 503, a duplicate is 409, and
 * any other unexpected error is 500.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isOutage(error) || isTransient(error)) {
    return new Problem("unavailable", "The database cannot be used now", {
      cause: error,
      extras: { retryAfterSeconds: 10 },
    });
  }
  // Input of a client must not cause a 500. A retry finds the rows of the other request.
  if (isDuplicate(error)) {
    return new Problem(
      "state-conflict",
      "The request conflicts with what another request has written. Read the present state, then try again",
      { cause: error },
    );
  }
  return new Problem("internal-error", "Not foreseen", { cause: error });
}

export function problemReply(problem: Problem, requestId: string): Response {
  const { status, title } = PROBLEMS[problem.code];
  const { allow, acceptEncoding, sizeBytes, ...extras } = problem.extras ?? {};
  const body: ProblemBody = {
    type: problemType(problem.code),
    code: problem.code,
    title,
    status,
    ...(status < 500 ? { detail: problem.detail } : {}),
    requestId,
    ...(problem.fields ? { fields: problem.fields } : {}),
    ...extras,
  };
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (extras.retryAfterSeconds !== undefined) headers.set("retry-after", String(extras.retryAfterSeconds));
  // RFC 9110, section 11.6.1. Users sign in on the page. Programs send an API key.
  if (problem.code === "not-signed-in") headers.set("www-authenticate", 'Bearer realm="AttackLens"');
  // RFC 9110, section 15.5.16.
  if (acceptEncoding) headers.set("accept-encoding", acceptEncoding);
  // RFC 9110, section 15.5.17.
  if (sizeBytes !== undefined) headers.set("content-range", `bytes */${sizeBytes}`);
  if (allow) headers.set("allow", allow.join(", "));
  return new Response(JSON.stringify(body), { status, headers });
}
