// Shell patterns as in glob(7): `*`, `?` and `[…]` in every part of a path. The time is at most the product
// of the lengths of pattern and name.
import { posix } from "node:path";
import { firstOf } from "./first-of.ts";
import type { HostFiles } from "./host-files.ts";

const MAX_MATCHES = 1_000;
/** PATH_MAX: the system accepts no longer path. */
const MAX_PATTERN = 4_096;

/** The existing paths that match an absolute pattern, sorted. A path without wildcards must exist, too. */
export function listMatching(files: HostFiles, pattern: string): string[] {
  let found: readonly string[] = pattern.length < MAX_PATTERN ? ["/"] : [];
  const parts = pattern.split("/").filter(Boolean);
  for (const [at, part] of parts.entries()) {
    const tokens = parsePattern(part);
    const literal = literalOf(tokens);
    const all = found.flatMap((folder) =>
      literal === undefined
        ? matchingNames(files, folder, tokens, at < parts.length - 1)
        : posix.join(folder, literal),
    );
    found = firstOf(files, pattern, all, MAX_MATCHES, "read");
  }
  return found.filter((path) => files.exists(path)).sort();
}

/** `isFolder`: more parts follow, so that a file among the folders is none of them, and no gap either. */
function matchingNames(
  files: HostFiles,
  folder: string,
  tokens: readonly Token[],
  isFolder: boolean,
): string[] {
  return files
    .listEntries(folder)
    .filter(
      ({ name, kind }) => acceptsName(tokens, name) && !(isFolder && (kind === "file" || kind === "other")),
    )
    .map(({ name }) => posix.join(folder, name));
}

/** Whether a text matches a pattern of `*` and `?` only, as in OpenSSH's lists. */
export function matchesWildcards(pattern: string, text: string): boolean {
  return accepts(
    Array.from(pattern, (character) => (character === "*" || character === "?" ? character : { character })),
    text,
  );
}

type Token = "*" | "?" | { character: string } | { set: Range[]; isNegated: boolean };
type Range = [first: string, last: string];

/** `*` and `?` do not match a leading dot. */
function acceptsName(tokens: readonly Token[], name: string): boolean {
  const first = tokens[0];
  const startsWithDot = typeof first === "object" && "character" in first && first.character === ".";
  return (startsWithDot || !name.startsWith(".")) && accepts(tokens, name);
}

function accepts(tokens: readonly Token[], text: string): boolean {
  let token = 0;
  let at = 0;
  // Where to go on if the last `*` has to match one more character.
  let star = -1;
  let afterStar = 0;
  while (at < text.length) {
    const current = tokens[token];
    if (current === "*") {
      star = token;
      afterStar = at;
      token += 1;
    } else if (current !== undefined && acceptsCharacter(current, text[at] as string)) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      token = star + 1;
      afterStar += 1;
      at = afterStar;
    } else return false;
  }
  return tokens.slice(token).every((each) => each === "*");
}

function acceptsCharacter(token: Exclude<Token, "*">, character: string): boolean {
  if (token === "?") return true;
  if ("character" in token) return token.character === character;
  return token.set.some(([first, last]) => first <= character && character <= last) !== token.isNegated;
}

function literalOf(tokens: readonly Token[]): string | undefined {
  let text = "";
  for (const token of tokens) {
    if (typeof token === "string" || !("character" in token)) return undefined;
    text += token.character;
  }
  return text;
}

function parsePattern(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] as string;
    if (character === "*" || character === "?") tokens.push(character);
    else if (character === "\\" && at + 1 < pattern.length) {
      at += 1;
      tokens.push({ character: pattern[at] as string });
    } else {
      const set = character === "[" ? parseSet(pattern, at) : undefined;
      tokens.push(set?.token ?? { character });
      at = set?.end ?? at;
    }
  }
  return tokens;
}

const CLASSES: Record<string, Range[]> = {
  alnum: [
    ["0", "9"],
    ["A", "Z"],
    ["a", "z"],
  ],
  alpha: [
    ["A", "Z"],
    ["a", "z"],
  ],
  digit: [["0", "9"]],
  lower: [["a", "z"]],
  upper: [["A", "Z"]],
  punct: [
    ["!", "/"],
    [":", "@"],
    ["[", "`"],
    ["{", "~"],
  ],
  space: [
    [" ", " "],
    ["\t", "\r"],
  ],
  xdigit: [
    ["0", "9"],
    ["A", "F"],
    ["a", "f"],
  ],
};

/** The set that starts at a `[`, and where it ends. Undefined if it is not closed: then `[` is itself. */
function parseSet(pattern: string, start: number): { token: Token; end: number } | undefined {
  const isNegated = pattern[start + 1] === "!" || pattern[start + 1] === "^";
  const first = start + (isNegated ? 2 : 1);
  const set: Range[] = [];
  for (let at = first; at < pattern.length; at += 1) {
    const character = pattern[at] as string;
    if (character === "]" && at > first) return { token: { set, isNegated }, end: at };
    const name =
      character === "[" && pattern[at + 1] === ":"
        ? /^\w+(?=:\])/.exec(pattern.slice(at + 2, at + 12))
        : null;
    if (name) {
      set.push(...(CLASSES[name[0]] ?? []));
      at += name[0].length + 3;
    } else if (pattern[at + 1] === "-" && at + 2 < pattern.length && pattern[at + 2] !== "]") {
      set.push([character, pattern[at + 2] as string]);
      at += 2;
    } else set.push([character, character]);
  }
  return undefined;
}
