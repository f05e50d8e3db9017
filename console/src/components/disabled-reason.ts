// Why an action is disabled.
import type { Can } from "@attacklens/protocol/page.ts";

/**
 * The server's reason without "Can't revoke the enrollment token:", which repeats the label. Undefined:
 * enabled.
 */
export function disabledReason({ allowed, reason }: Can): string | undefined {
  if (allowed) return undefined;
  const why = (reason ?? "Not available now").replace(/^Can't [^:]*: /, "");
  return why.charAt(0).toUpperCase() + why.slice(1);
}
