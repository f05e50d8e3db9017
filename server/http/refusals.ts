// What happens when a request fails: it is counted and logged, and the reply is the problem. Sensors get it
// with the server's signature.
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import { isDuplicate } from "../db/dialect.ts";
import type { Services } from "../route-handler.ts";
import type { Metrics } from "./metrics.ts";
import { problemReply, toProblem } from "./problem-reply.ts";
import { openOutageLog } from "./request-log.ts";

/** Returns a function that returns the reply to a request that failed with an error. */
export function openRefusals(
  { log, health }: Pick<Services, "log" | "health">,
  metrics: Pick<Metrics, "refusals">,
): (error: unknown, requestId: string) => Response {
  const logOutage = openOutageLog(log);
  return (error, requestId) => {
    const problem = toProblem(error);
    metrics.refusals.inc({ code: problem.code });
    const about = {
      requestId,
      code: problem.code,
      detail: redactTokenValues(problem.detail),
      err: problem.cause,
    };
    if (problem.code === "internal-error") log.error(about, "request failed");
    else if (problem.code === "unavailable" && problem.cause !== undefined) {
      health.doubt();
      logOutage(about);
    } else if (isDuplicate(error)) log.warn(about, "request refused for a duplicate that no rule foresaw");
    else log.debug(about, "request refused");
    return problemReply(problem, requestId);
  };
}

/** Signs the refusal of a sensor's request. The signature covers the request's signature. */
export async function signRefusal(
  reply: Response,
  request: Headers,
  { answers, now }: Pick<Services, "answers" | "now">,
): Promise<void> {
  const requestSignature = request.get("signature");
  if (requestSignature === null || requestSignature.length > 1_000) return;
  const body = await reply.clone().text();
  const headers = answers.sign({ status: reply.status, body, requestSignature, now: now() });
  for (const [name, value] of Object.entries(headers)) reply.headers.set(name, value);
}
