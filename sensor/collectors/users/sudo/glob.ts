// fnmatch(3): `*`, `?`, `[…]` and `\`. Greedy with one point to return to, so that it takes at most the
// product of both lengths.

const MAX_PATTERN = 1_000;

export function isGlob(pattern: string): boolean {
  return /[\\?*[\]]/.test(pattern);
}

/** `isPath`: `*` and `?` match no slash, as in the paths of commands. */
export function matchesGlob(pattern: string, text: string, isPath = false): boolean {
  if (pattern.length > MAX_PATTERN || text.length > MAX_PATTERN) return false;
  let [at, textAt, star, starText] = [0, 0, -1, 0];
  while (textAt < text.length) {
    const end = pattern[at] === "*" ? -1 : matchOne(pattern, at, text[textAt] as string, isPath);
    if (pattern[at] === "*") {
      star = at;
      starText = textAt;
      at += 1;
    } else if (end >= 0) {
      at = end;
      textAt += 1;
    } else if (star >= 0 && !(isPath && text[starText] === "/")) {
      starText += 1;
      textAt = starText;
      at = star + 1;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

/** The end of the pattern's element if it matches the character, otherwise -1. */
function matchOne(pattern: string, at: number, mark: string, isPath: boolean): number {
  const element = pattern[at];
  if (element === "?") return isPath && mark === "/" ? -1 : at + 1;
  if (element === "[") {
    const close = closeOf(pattern, at);
    if (close > 0)
      return !(isPath && mark === "/") && isInSet(pattern.slice(at + 1, close), mark) ? close + 1 : -1;
  }
  if (element === "\\" && at + 1 < pattern.length) return pattern[at + 1] === mark ? at + 2 : -1;
  return element === mark ? at + 1 : -1;
}

/** `]` as the first element belongs to the set. */
function closeOf(pattern: string, at: number): number {
  const first = pattern[at + 1] === "!" || pattern[at + 1] === "^" ? at + 2 : at + 1;
  return pattern.indexOf("]", first + 1);
}

function isInSet(set: string, mark: string): boolean {
  const isNegated = set.startsWith("!") || set.startsWith("^");
  let isIn = false;
  for (let at = isNegated ? 1 : 0; at < set.length; at += 1) {
    const last = set[at + 1] === "-" && at + 2 < set.length ? set[at + 2] : undefined;
    if (last === undefined) isIn ||= set[at] === mark;
    else {
      isIn ||= (set[at] as string) <= mark && mark <= last;
      at += 2;
    }
  }
  return isIn !== isNegated;
}
