// Matches hostnames against the patterns of a token.

/**
 * Returns whether a hostname matches a lower-case pattern: * matches any characters, ? one character. Takes
 * at most O(name × pattern) steps.
 */
export function matchesPattern(hostname: string, pattern: string): boolean {
  const name = hostname.toLowerCase();
  let at = 0;
  let from = 0;
  let star = -1;
  let retry = 0;
  while (at < name.length) {
    if (
      from < pattern.length &&
      (pattern[from] === "?" || pattern[from] === name[at]) &&
      pattern[from] !== "*"
    ) {
      at++;
      from++;
    } else if (pattern[from] === "*") {
      star = from++;
      retry = at;
    } else if (star >= 0) {
      from = star + 1;
      at = ++retry;
    } else return false;
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}

/** Returns whether a token with these patterns admits the hostname. Without patterns, it admits any. */
export function admitsHostname(patterns: readonly string[], hostname: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matchesPattern(hostname, pattern));
}
