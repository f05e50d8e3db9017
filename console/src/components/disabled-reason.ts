// Why an action is disabled.
import type { Can } from "@attacklens/protocol/page.ts";
import { needsRole as roleText } from "@attacklens/protocol/permissions.ts";
import type { Obstacle } from "../ui/obstacle.ts";
import { withLocalTimes } from "../ui/time.ts";

/**
 * The server's reason without "Can't revoke the enrollment token:", which repeats the label. Undefined:
 * enabled.
 */
export function disabledReason({ allowed, reason, needsRole }: Can): Obstacle | undefined {
  if (allowed) return undefined;
  if (needsRole) return { notPermitted: roleText(needsRole) };
  const why = withLocalTimes(reason ?? "Not available now").replace(/^Can't [^:]*: /, "");
  return why.charAt(0).toUpperCase() + why.slice(1);
}
