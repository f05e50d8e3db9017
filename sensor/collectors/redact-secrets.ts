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
  let word = { end: 0, lastAt: -1 };
  for (let slashes = text.indexOf("//"); slashes >= 0; slashes = text.indexOf("//", from)) {
    const start = slashes + 2;
    kept += text.slice(from, start);
    // Several of them can be in one word, which is looked through once.
    if (start >= word.end) word = wordFrom(text, start);
    from = userinfoEnd(text, start, word.lastAt);
  }
  return kept + text.slice(from);
}

const WORD_END = /[\s"'<>]/g;
const AUTHORITY_END = /[/?#\s"'<>]/g;

function wordFrom(text: string, start: number): { end: number; lastAt: number } {
  const end = find(WORD_END, text, start);
  const at = text.slice(start, end).lastIndexOf("@");
  return { end, lastAt: at < 0 ? -1 : start + at };
}

/**
 * After the `@`; `start` if there is none. A password that is not encoded may have `@`, `/`, `?` and `#`.
 */
function userinfoEnd(text: string, start: number, lastAtOfWord: number): number {
  const authority = text.slice(start, find(AUTHORITY_END, text, start));
  const at = authority.lastIndexOf("@");
  if (at >= 0) return start + at + 1;
  // No port follows the colon, so that it is not the end of the host.
  return /^[^[:]*:(?!\d*$)/.test(authority) && lastAtOfWord >= start ? lastAtOfWord + 1 : start;
}

/** Where a pattern matches first from `start`; the end of the text if it does not. */
function find(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.exec(text)?.index ?? text.length;
}
