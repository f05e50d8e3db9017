// Preflight check of the server's reply and of this host's clock.
import { MAX_CLOCK_SKEW_SECONDS } from "@attacklens/protocol/signature.ts";
import type { Way } from "../../state/identity.ts";
import { SENSOR_STATES } from "../../state/status-file.ts";
import { fetchBy } from "../../transport/proxy.ts";
import { failureOf } from "../../transport/request.ts";
import { type Finding, TIMEOUT_MS } from "./finding.ts";

/** A Date header has whole seconds, and servers update it once a second. */
const DATE_PRECISION_MS = 2_000;

export async function checkServer(
  server: string,
  way: Way,
): Promise<{ reached: Finding; clockOffsetMs?: number | undefined }> {
  const step = "server";
  const askedAt = Date.now();
  try {
    const reply = await fetchBy(way, `${server}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = (await reply.json().catch(() => undefined)) as { status?: unknown } | undefined;
    if (reply.status !== 200 || body?.status !== "ok") {
      const text = `${server} returned ${reply.status} and is not an AttackLens server`;
      const hint = "check --server and the proxies in front of the server";
      return { reached: { step, state: "failed", text, hint } };
    }
    const date = Date.parse(reply.headers.get("date") ?? "");
    return {
      reached: { step, state: "ok", text: `${server} is an AttackLens server` },
      clockOffsetMs: Number.isNaN(date) ? undefined : offsetFrom(date, askedAt, Date.now()),
    };
  } catch (error) {
    const { message, state } = await failureOf({ server, ...way }, error);
    const hints: Partial<Record<typeof state, string>> = {
      "wrong-server":
        "another server runs there, or a proxy inspects TLS: let this host reach the server without the proxy",
      "clock-wrong": "correct this host's clock",
    };
    return {
      reached: {
        step,
        state: "failed",
        text: `${server} cannot be reached: ${message}`,
        hint: hints[state] ?? "check firewalls between this host and the server",
        exit: SENSOR_STATES[state],
      },
    };
  }
}

/**
 * Offset of this host's clock from the server's, which has whole seconds and was read between request and
 * response.
 */
function offsetFrom(date: number, askedAt: number, answeredAt: number): number {
  const earliest = askedAt - date - DATE_PRECISION_MS;
  const latest = answeredAt - date;
  if (earliest <= 0 && latest >= 0) return 0;
  return latest < 0 ? latest : earliest;
}

export function clockFinding(offsetMs: number | undefined): Finding {
  const step = "clock";
  if (offsetMs === undefined) return { step, state: "skipped", text: "the server did not send its time" };
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (seconds <= 1) return { step, state: "ok", text: "matches the server's" };
  const text = `${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} the server's`;
  if (seconds <= MAX_CLOCK_SKEW_SECONDS) return { step, state: "ok", text };
  return {
    step,
    state: "note",
    text: `${text}: the sensor corrects for it`,
    hint: "correct this host's clock anyway: certificate validity depends on it",
  };
}
