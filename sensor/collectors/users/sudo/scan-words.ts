// The words of a line: names, aliases, keywords, networks, and the beginnings of commands and strings. At
// each position the longest token wins, and of equally long ones the first that is asked for here.
import {
  commandOf,
  includeToken,
  invalidContinuation,
  type LexerState,
  scanComment,
  scanCommon,
  startString,
  unknown,
  unquote,
} from "./lexer-state.ts";
import {
  aliasEnd,
  base64End,
  blanksEnd,
  continuationEnd,
  exclamationsEnd,
  hexEnd,
  idEnd,
  lineEnd,
  networkEnd,
  pathEnd,
  patternEnd,
  wordEnd,
} from "./scan.ts";
import type { SudoFeatures } from "./sudo-version.ts";
import type { DefaultsScope, Token } from "./tokens.ts";

const TAG = /(?:NO)?(PASSWD|EXEC|INTERCEPT|SETENV|LOG_OUTPUT|LOG_INPUT|MAIL|FOLLOW)[ \t]*:/y;
const SETTINGS = new Set(["TIMEOUT", "NOTBEFORE", "NOTAFTER", "ROLE", "TYPE"]);
const LINE_KEYWORD = /(?:(Host|Cmnd|Cmd|User|Runas)_Alias|Defaults)/y;
const INCLUDE_LINE = /#include(dir)?[ \t]/y;
const DIGEST_BYTES: Record<string, number> = { sha224: 28, sha256: 32, sha384: 48, sha512: 64 };

export function scanWords(lexer: LexerState, text: string, at: number): Token | undefined {
  const lineStart =
    lexer.state === "line" && (at === 0 || text[at - 1] === "\n")
      ? scanLineStart(lexer, text, at)
      : undefined;
  if (lineStart) return lineStart;
  const mark = text[at] as string;
  switch (mark) {
    case " ":
    case "\t":
      if (lexer.state === "defaults-scope") return scanBlanksInScope(lexer, text, at);
      return scanCommon(lexer, text, at);
    case "\n":
    case "\r":
      return scanCommon(lexer, text, at);
    case "#":
      return scanHash(lexer, text, at);
    case '"':
      if (lexer.state === "line" || lexer.state === "defaults-scope") lexer.stateAfter = lexer.state;
      else if (lexer.state !== "path" || !lexer.features.quotedPaths) return unknown(lexer, at);
      startString(lexer, at);
      return undefined;
    case "(":
    case ")":
    case "=":
      lexer.files.at = at + 1;
      return { kind: mark };
    case ",":
      lexer.files.at = lexer.state === "defaults-scope" ? blanksEnd(text, at + 1) : at + 1;
      return { kind: "," };
    case "!":
      return scanCommon(lexer, text, at);
    default:
      return scanWord(lexer, text, at, mark);
  }
}

/** The keywords that count only at the start of a line. */
function scanLineStart(lexer: LexerState, text: string, at: number): Token | undefined {
  INCLUDE_LINE.lastIndex = at;
  const include = INCLUDE_LINE.exec(text);
  if (include) {
    if (lexer.isContinued) {
      lexer.files.at = lineEnd(text, at) + 1;
      return invalidContinuation();
    }
    return includeToken(lexer, at + include[0].length - 1, include[1] !== undefined);
  }
  const start = blanksEnd(text, at);
  LINE_KEYWORD.lastIndex = start;
  const keyword = LINE_KEYWORD.exec(text);
  if (!keyword) return undefined;
  const end = start + keyword[0].length;
  const scope = keyword[1] === undefined ? scopeAt(text, end) : undefined;
  if (scope === undefined && start === at && wordEnd(text, at) > end) return undefined;
  if (lexer.isContinued) {
    lexer.files.at = end;
    return invalidContinuation();
  }
  if (keyword[1] !== undefined) {
    lexer.files.at = end;
    return { kind: "alias-type", name: keyword[1] === "Cmd" ? "Cmnd" : (keyword[1] as "Cmnd") };
  }
  lexer.state = "defaults-scope";
  lexer.files.at = scope === undefined ? end : blanksEnd(text, end + 1);
  return { kind: "defaults", scope: scope ?? "" };
}

function scanBlanksInScope(lexer: LexerState, text: string, at: number): Token | undefined {
  const end = blanksEnd(text, at);
  if (text[end] === ",") {
    lexer.files.at = blanksEnd(text, end + 1);
    return { kind: "," };
  }
  lexer.files.at = end;
  lexer.state = "defaults-option";
  return undefined;
}

/** A user or group id, or a comment. */
function scanHash(lexer: LexerState, text: string, at: number): Token | undefined {
  const end = idEnd(text, at);
  if (end > at && (lexer.state === "line" || lexer.state === "defaults-scope")) {
    lexer.files.at = end;
    return { kind: "word", text: text.slice(at, end) };
  }
  return lexer.state === "line" ? scanComment(lexer, text, at) : unknown(lexer, at);
}

function scanWord(lexer: LexerState, text: string, at: number, mark: string): Token | undefined {
  const isLine = lexer.state === "line";
  const isScope = lexer.state === "defaults-scope";
  let [end, rule] = [at, ""];
  const consider = (candidate: number, name: string) => {
    if (candidate <= end) return;
    end = candidate;
    rule = name;
  };
  if (lexer.state === "digest") {
    consider(hexEnd(text, at), "hex");
    consider(base64End(text, at), "base64");
  }
  if (isLine && mark === "@") {
    if (text.startsWith("@includedir", at)) consider(at + 11, "includedir");
    if (text.startsWith("@include", at)) consider(at + 8, "include");
  }
  const isUpper = mark >= "A" && mark <= "Z";
  if (isUpper) consider(tagEnd(text, at, lexer.features), "tag");
  if (mark === "+" || mark === "%") {
    const start = mark === "%" && text[at + 1] === ":" ? at + 2 : at + 1;
    const group = Math.max(wordEnd(text, start), mark === "%" ? idEnd(text, start) : start);
    if (group > start) consider(group, mark === "+" ? "netgroup" : "usergroup");
    else if (isLine || isScope) consider(start, "empty group");
  }
  consider(networkEnd(text, at), "network");
  if (isUpper) consider(aliasEnd(text, at), "alias");
  if (isScope) {
    consider(pathEnd(text, at), "path");
    if (lexer.features.patterns) consider(patternEnd(text, at), "path");
    if (text.startsWith("sudoedit", at)) consider(at + 8, "path");
  }
  if (mark === "s") {
    if (DIGEST_BYTES[text.slice(at, at + 6)] !== undefined) consider(at + 6, "digest type");
    if (text.startsWith("sudoedit", at)) consider(at + 8, "command");
  }
  if (lexer.state === "path") {
    consider(pathEnd(text, at), "path word");
    consider(wordEnd(text, at), "path word");
  }
  consider(pathEnd(text, at), "command");
  if (lexer.features.patterns) consider(patternEnd(text, at), "command");
  if (isLine || isScope) consider(wordEnd(text, at), "word");
  if (mark === ":") consider(at + 1, ":");
  if (mark === "\\" && continuationEnd(text, at) > end) return scanCommon(lexer, text, at);
  if (end === at) return unknown(lexer, at);
  lexer.files.at = end;
  return tokenOf(lexer, rule, text.slice(at, end));
}

/** For the name of a rule of `scanWord`. */
function tokenOf(lexer: LexerState, rule: string, found: string): Token | undefined {
  switch (rule) {
    case "hex":
    case "base64":
      return digest(lexer, found, rule === "hex");
    case "include":
    case "includedir":
      return lexer.isContinued
        ? invalidContinuation()
        : includeToken(lexer, lexer.files.at, rule === "includedir");
    case "tag":
      return { kind: "tag", name: found.slice(0, -1).trimEnd() };
    case "netgroup":
    case "usergroup":
    case "word":
      return { kind: rule, text: unquote(found) };
    case "empty group":
      return { kind: "invalid", reason: "empty group" };
    case "network":
      return isNetwork(found)
        ? { kind: "network", text: found }
        : { kind: "invalid", reason: "invalid IPv6 address" };
    case "alias":
      return keywordOrAlias(lexer, found);
    case "path":
      return commandOf(found, undefined);
    case "digest type":
      lexer.digestType = found;
      lexer.state = "digest";
      return { kind: "digest-type", name: found };
    case "command":
      return startCommand(lexer, found);
    case "path word":
      lexer.state = lexer.stateAfter;
      return { kind: "word", text: unquote(found) };
    default:
      return { kind: ":" };
  }
}

function keywordOrAlias(lexer: LexerState, found: string): Token {
  if (found === "ALL") return { kind: "all" };
  if (lexer.state === "line" && isSetting(lexer, found)) {
    if (found === "CWD" || found === "CHROOT") {
      lexer.stateAfter = lexer.state;
      lexer.state = "path";
    }
    return { kind: "setting", text: found };
  }
  return { kind: "alias", text: found };
}

function isSetting(lexer: LexerState, name: string): boolean {
  if (name === "CWD" || name === "CHROOT") return lexer.features.pathOptions;
  if (name === "APPARMOR_PROFILE") return lexer.features.apparmorOption;
  if (name === "PRIVS" || name === "LIMITPRIVS") return lexer.features.solarisOptions;
  return SETTINGS.has(name);
}

/** A digest of another length is no token at all, so that the parser misses one. */
function digest(lexer: LexerState, found: string, isHex: boolean): Token | undefined {
  lexer.state = "line";
  const bytes = DIGEST_BYTES[lexer.digestType] ?? 0;
  const base64 = found.endsWith("=") ? 4 * Math.floor((bytes + 2) / 3) : Math.floor((4 * bytes + 2) / 3);
  return found.length === (isHex ? 2 * bytes : base64) ? { kind: "digest", text: found } : undefined;
}

function startCommand(lexer: LexerState, found: string): Token | undefined {
  // A folder has no arguments.
  if (found.endsWith("/") && found.startsWith("/")) return commandOf(found, undefined);
  lexer.command = { path: found, args: undefined };
  lexer.state = "command";
  return undefined;
}

/** `NOPASSWD:`, also with blanks before the colon. */
function tagEnd(text: string, at: number, features: SudoFeatures): number {
  TAG.lastIndex = at;
  const tag = TAG.exec(text);
  return tag && (features.interceptTags || tag[1] !== "INTERCEPT") ? TAG.lastIndex : at;
}

/** What follows `Defaults` if it is bound to something: `:alice`, `@web-01`, `>root`, `!/bin/ls`. */
function scopeAt(text: string, at: number): DefaultsScope | undefined {
  const scope = text[at] as DefaultsScope;
  if (![":", "@", ">", "!"].includes(scope)) return undefined;
  let bound = exclamationsEnd(text, blanksEnd(text, at + 1));
  if (text[bound] === '"') bound += 1;
  return idEnd(text, bound) > bound || wordEnd(text, bound) > bound ? scope : undefined;
}

/** An address has `::` at most once. */
function isNetwork(text: string): boolean {
  return text.split("/").every((part) => part.split("::").length <= 2);
}
