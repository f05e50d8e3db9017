// The one place that writes an error reply (RFC 9457): the detail for the caller, the cause for the log.
import { PROBLEMS, Problem, type ProblemBody, problemType } from "@attacklens/protocol/problems.ts";
import { isDuplicate, isOutage, isTransient } from "../db/dialect.ts";

/**
 * What anything thrown becomes: an outage of the database, or a lock that was not had, is 503, a duplicate
 * 409, whatever else was not foreseen is 500.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isOutage(error) || isTransient(error)) {
    return new Problem("unavailable", "The database cannot be used now", {
      cause: error,
      extras: { retryAfterSeconds: 10 },
    });
  }
  // No input of a client may appear as a defect of the server. The next try finds what the other request has
  // written.
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
  const { retryAfterSeconds, allow, acceptEncoding, ...extras } = problem.extras ?? {};
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
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  // RFC 9110, section 11.6.1. Users sign in on the page. Programs send an API key.
  if (problem.code === "not-signed-in") headers.set("www-authenticate", 'Bearer realm="AttackLens"');
  // RFC 9110, section 15.5.16.
  if (acceptEncoding) headers.set("accept-encoding", acceptEncoding);
  if (allow) headers.set("allow", allow.join(", "));
  return new Response(JSON.stringify(body), { status, headers });
}
