// The last safeguard of a fact: what looks like a secret in a text of the host is replaced. Collectors do not
// take arguments, variables and passwords in the first place. But a fact such as the name of an image can be
// any text, e.g. the URL of a registry with its password.
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";

const REDACTED = "[redacted]";
const SECRET_NAME = /pass|pwd|psk|secret|token|credential|_key|api-?key/i;
/** `--db-password=x`, `API_KEY="x"`, `Pass=x`. Each quantifier is bounded, so that this is linear. */
const ASSIGNMENT =
  /((?:^|[^\w.-])[\w.-]{0,60}(?:(?<!by)pass|passw\w{0,20}|passphrase|pwd|psk|secret\w{0,20}|token\w{0,20}|credentials?|_key|api-?key)=)(?:"[^"]*"?|'[^']*'?|[^\s,;&"']+)/gi;
const AUTHORIZATION = /\b(authorization:|bearer)\s{1,4}(?:(?:bearer|basic|token)\s{1,4})?[\w+/.~=-]{8,}/gi;
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*/s;

export function redactSecrets(text: string): string {
  let kept = text;
  if (kept.includes("atl_")) kept = redactTokenValues(kept);
  if (kept.includes("@") && kept.includes("//")) kept = redactUserinfo(kept);
  if (kept.includes("=") && SECRET_NAME.test(kept)) kept = kept.replace(ASSIGNMENT, `$1${REDACTED}`);
  if (kept.includes("earer ") || kept.includes("uthorization:"))
    kept = kept.replace(AUTHORIZATION, `$1 ${REDACTED}`);
  if (kept.includes("-----BEGIN ")) kept = kept.replace(PRIVATE_KEY, REDACTED);
  return kept;
}

/**
 * Removes the user and the password of each URL: `https://user:x@host/` (RFC 3986, 3.2.1), and
 * `//user:x@host/` of a file server.
 */
function redactUserinfo(text: string): string {
  let kept = "";
  let from = 0;
  for (let slashes = text.indexOf("//"); slashes >= 0; slashes = text.indexOf("//", from)) {
    const start = slashes + 2;
    kept += text.slice(from, start);
    from = start + userinfoLength(text.slice(start));
  }
  return kept + text.slice(from);
}

/** With the `@`. A password that is not encoded may have `@`, `/`, `?` and `#`. */
function userinfoLength(rest: string): number {
  const word = rest.split(/[\s"'<>]/, 1)[0]!;
  const authority = word.split(/[/?#]/, 1)[0]!;
  const at = authority.lastIndexOf("@");
  if (at >= 0) return at + 1;
  // No port follows the colon, so that it is not the end of the host.
  return /^[^[:]*:(?!\d*$)/.test(authority) ? word.lastIndexOf("@") + 1 : 0;
}
