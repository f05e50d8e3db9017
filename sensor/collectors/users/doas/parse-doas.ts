// The rules of doas.conf(5), a smaller alternative to sudo on Alpine and OpenBSD. The last rule that matches
// decides, as in sudoers, so that both have the same form here.
import type { Accounts } from "../sudo/accounts.ts";
import type { CommandSpec, Member, SudoersPolicy } from "../sudo/syntax.ts";

type Token = { kind: "keyword" | "string"; text: string } | { kind: "\n" | "{" | "}" };

const KEYWORDS = new Set([
  "deny",
  "permit",
  "as",
  "cmd",
  "args",
  "nopass",
  "nolog",
  "persist",
  "keepenv",
  "setenv",
]);
const MAX_WORD = 1_023;
const ALL: Member = { kind: "all", name: "", isNegated: false };

/** Throws with the line of the first error: doas refuses to run then. */
export function parseDoas(text: string, accounts: Accounts): SudoersPolicy {
  const policy: SudoersPolicy = {
    userSpecs: [],
    defaults: [],
    aliases: { User: new Map(), Host: new Map(), Runas: new Map(), Cmnd: new Map() },
    isCutShort: false,
    rejectedLines: 0,
  };
  let tokens: Token[] = [];
  for (const { token, line } of readTokens(text)) {
    if (token.kind !== "\n") {
      tokens.push(token);
      continue;
    }
    if (tokens.length > 0) {
      const rule = parseRule(tokens, accounts);
      if (rule === undefined) throw new Error(`syntax error in line ${line}`);
      policy.userSpecs.push(rule);
    }
    tokens = [];
  }
  if (tokens.length > 0) throw new Error("the last line has no line break");
  return policy;
}

/** `permit|deny [options] identity [as target] [cmd command [args …]]`; undefined if it is invalid. */
function parseRule(
  tokens: readonly Token[],
  accounts: Accounts,
): SudoersPolicy["userSpecs"][number] | undefined {
  let at = 0;
  const peek = () => tokens[at];
  const takeKeyword = (text: string): boolean => {
    const token = peek();
    if (token?.kind !== "keyword" || token.text !== text) return false;
    at += 1;
    return true;
  };
  const takeString = (): string | undefined => {
    const token = peek();
    if (token?.kind !== "string") return undefined;
    at += 1;
    return token.text;
  };

  const isPermit = takeKeyword("permit");
  if (!isPermit && !takeKeyword("deny")) return undefined;
  const options = isPermit ? takeOptions() : new Set<string>();
  const identity = takeString();
  if (options === undefined || identity === undefined) return undefined;
  let target: string | undefined;
  if (takeKeyword("as")) {
    target = takeString();
    if (target === undefined) return undefined;
  }
  let command = ALL;
  if (takeKeyword("cmd")) {
    const path = takeString();
    if (path === undefined) return undefined;
    const args = takeKeyword("args") ? takeStrings() : undefined;
    command = { kind: "command", name: path, args: args && (args.join(" ") || '""'), isNegated: false };
  }
  if (peek() !== undefined) return undefined;
  const spec: CommandSpec = {
    runAsUsers: [target === undefined ? ALL : accountMember(target, accounts)],
    runAsGroups: undefined,
    noPassword: options.has("nopass"),
    notBefore: undefined,
    notAfter: undefined,
    command: { ...command, isNegated: !isPermit },
  };
  const user = identity.startsWith(":")
    ? groupMember(identity.slice(1), accounts)
    : accountMember(identity, accounts);
  return { users: [user], privileges: [{ hosts: [ALL], commands: [spec] }] };

  /** Undefined if they contradict each other. */
  function takeOptions(): Set<string> | undefined {
    const taken = new Set<string>();
    for (let token = peek(); token?.kind === "keyword"; token = peek()) {
      if (!["nopass", "nolog", "persist", "keepenv", "setenv"].includes(token.text)) return undefined;
      at += 1;
      if (token.text === "setenv" && (taken.has("setenv") || !skipBraces())) return undefined;
      taken.add(token.text);
    }
    return taken.has("nopass") && taken.has("persist") ? undefined : taken;
  }

  function skipBraces(): boolean {
    if (peek()?.kind !== "{") return false;
    at += 1;
    takeStrings();
    const isClosed = peek()?.kind === "}";
    at += 1;
    return isClosed;
  }

  function takeStrings(): string[] {
    const strings: string[] = [];
    for (let each = takeString(); each !== undefined; each = takeString()) strings.push(each);
    return strings;
  }
}

/** doas looks for a name first, and takes a number for an id otherwise. */
function accountMember(name: string, accounts: Accounts): Member {
  const isId = /^\d{1,10}$/.test(name) && accounts.findByName(name, false).length === 0;
  return { kind: "word", name: isId ? `#${name}` : name, isNegated: false };
}

function groupMember(name: string, accounts: Accounts): Member {
  const isId = /^\d{1,10}$/.test(name) && accounts.findGroups(name, false).length === 0;
  return { kind: "usergroup", name: `%${isId ? "#" : ""}${name}`, isNegated: false };
}

/** `line` is that of the token's end. */
function* readTokens(text: string): Generator<{ token: Token; line: number }> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const mark = text[at] as string;
    if (mark === " " || mark === "\t") at += 1;
    else if (mark === "{" || mark === "}") {
      at += 1;
      yield { token: { kind: mark }, line };
    } else if (mark === "\n" || mark === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end + 1;
      if (end >= 0) yield { token: { kind: "\n" }, line };
      line += 1;
    } else {
      const word = readWord(text, at, line);
      at = word.end;
      line = word.line;
      if (word.token) yield { token: word.token, line };
    }
  }
}

/** A word ends at a blank, brace or comment outside quotes. Quotes and `\` make a string of a keyword. */
function readWord(
  text: string,
  start: number,
  startLine: number,
): { token: Token | undefined; end: number; line: number } {
  const marks: string[] = [];
  let [at, line] = [start, startLine];
  let [isQuoted, isEscaped, isString, hasQuotes] = [false, false, false, false];
  for (; at < text.length; at += 1) {
    const mark = text[at] as string;
    if (mark === "\\" && !isEscaped) {
      isEscaped = true;
      continue;
    }
    if (mark === "\n") {
      if (isQuoted) throw new Error(`unterminated quotes in line ${line}`);
      if (!isEscaped) break;
      [isString, isEscaped] = [true, false];
      line += 1;
      continue;
    }
    if (!isEscaped && !isQuoted && "{}# \t".includes(mark)) break;
    if (mark === '"' && !isEscaped) {
      isQuoted = !isQuoted;
      [isString, hasQuotes] = [true, true];
      continue;
    }
    marks.push(mark);
    isEscaped = false;
  }
  if (isQuoted || isEscaped) throw new Error(`unterminated text in line ${line}`);
  if (marks.length > MAX_WORD) throw new Error(`a word of line ${line} is too long`);
  const word = marks.join("");
  if (word === "" && !hasQuotes) return { token: undefined, end: at, line };
  return {
    token: { kind: !isString && KEYWORDS.has(word) ? "keyword" : "string", text: word },
    end: at,
    line,
  };
}
