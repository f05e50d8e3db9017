// Why an action is not possible now, as it reads beside the action.
import type { Can } from "@attacklens/protocol/page.ts";

/** The server's sentence, without "Can't revoke the enrollment token:", which the label says. Undefined: possible. */
export function disabledReason({ allowed, reason }: Can): string | undefined {
  if (allowed) return undefined;
  const why = (reason ?? "Not possible now").replace(/^Can't [^:]*: /, "");
  return why.charAt(0).toUpperCase() + why.slice(1);
}
