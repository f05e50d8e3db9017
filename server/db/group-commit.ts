// Requests of a batch that share one transaction.
import { isOutage } from "./dialect.ts";

/**
 * Runs `store` for all requests together. If it fails, runs it for each alone, because one of them is at
 * fault, and the others must not fail with it. An outage fails all of them.
 */
export async function togetherOrAlone<Request, Outcome>(
  requests: Request[],
  store: (some: Request[]) => Promise<(Outcome | Error)[]>,
): Promise<(Outcome | Error)[]> {
  try {
    return await store(requests);
  } catch (error) {
    if (requests.length === 1 || isOutage(error)) throw error;
  }
  const outcomes: (Outcome | Error)[] = [];
  for (const request of requests)
    try {
      outcomes.push(...(await store([request])));
    } catch (error) {
      outcomes.push(error instanceof Error ? error : new Error(String(error)));
    }
  return outcomes;
}
