// Logs a line for each request of a user. Sensors send far more requests, so their successful ones are logged
// at debug, like probes. Only some of the refused requests are logged at info, because any client can cause
// any number of them. The metrics count all requests.
import type { Logger } from "pino";

const WINDOW_MS = 10_000;
const MAX_REFUSALS = 100;

export interface RequestLine {
  requestId: string;
  method: string;
  /** The route's path, as declared. */
  route: string;
  status: number;
  ms: number;
  address: string;
}

const PROBES = new Set(["/healthz", "/readyz", "/metrics"]);

export function openRequestLog(log: Logger, now: () => number = Date.now) {
  let windowEndsAt = 0;
  let refusals = 0;

  function isBeyondLimit(): boolean {
    if (now() >= windowEndsAt) {
      const more = refusals - MAX_REFUSALS;
      if (more > 0)
        log.info({ refused: more }, "more requests were refused; the log level debug shows each of them");
      refusals = 0;
      windowEndsAt = now() + WINDOW_MS;
    }
    return ++refusals > MAX_REFUSALS;
  }

  return (line: RequestLine): void => {
    const isQuiet = line.route.startsWith("/sensor/") || PROBES.has(line.route);
    const isRefused = line.status >= 400;
    const level = isRefused ? (isBeyondLimit() ? "debug" : "info") : isQuiet ? "debug" : "info";
    log[level](line, "request");
  };
}

/** Logs why requests fail during a database outage: once in ten seconds, because all of them fail. */
export function openOutageLog(log: Logger, now: () => number = Date.now) {
  let quietUntil = 0;
  return (about: object): void => {
    const isFirst = now() >= quietUntil;
    if (isFirst) quietUntil = now() + WINDOW_MS;
    log[isFirst ? "warn" : "debug"](about, "request failed: the database cannot be used");
  };
}
