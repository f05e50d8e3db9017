// What sudo's lexer remembers between tokens, and what means the same in all its states.
import { blanksEnd, continuationEnd, exclamationsEnd, lineBreakEnd, lineEnd } from "./scan.ts";
import type { SudoFeatures } from "./sudo-version.ts";
import type { SudoersFiles } from "./sudoers-files.ts";
import type { Token } from "./tokens.ts";

/** Which tokens are possible. */
export type LexerStateName =
  | "line"
  | "defaults-scope"
  | "defaults-option"
  | "defaults-value"
  | "command"
  | "pattern"
  | "string"
  | "digest"
  | "include"
  | "path";

export interface LexerState {
  files: SudoersFiles;
  features: SudoFeatures;
  state: LexerStateName;
  /** The state after a string, or after the value of a path option. */
  stateAfter: LexerStateName;
  /** The line continues a previous one. */
  isContinued: boolean;
  /** Blanks precede the next argument. */
  sawBlank: boolean;
  digestType: string;
  command: { path: string; args: string[] | undefined };
  /** The parts of a text in quotes; undefined while it is empty. */
  string: string[] | undefined;
}

/** What means the same everywhere: blanks, the end of a line, `!`, and what is no token. */
export function scanCommon(lexer: LexerState, text: string, at: number): Token | undefined {
  const blanks = blanksEnd(text, at);
  if (blanks > at) {
    lexer.files.at = blanks;
    lexer.sawBlank = true;
    return undefined;
  }
  const continuation = continuationEnd(text, at);
  if (continuation > at) {
    lexer.files.at = continuation;
    lexer.files.line += 1;
    lexer.sawBlank = true;
    lexer.isContinued = true;
    return undefined;
  }
  const lineBreak = lineBreakEnd(text, at);
  if (lineBreak > at) {
    lexer.files.at = lineBreak;
    lexer.files.line += 1;
    lexer.state = "line";
    lexer.isContinued = false;
    return { kind: "newline" };
  }
  const exclamations = exclamationsEnd(text, at);
  if (exclamations > at) {
    lexer.files.at = exclamations;
    return (exclamations - at) % 2 === 1 ? { kind: "!" } : undefined;
  }
  return unknown(lexer, at);
}

/** From `#` to the end of the line; a `#` before a digit is no comment. */
export function scanComment(lexer: LexerState, text: string, at: number): Token {
  const [first = "\n", second = "\n"] = [text[at + 1], text[at + 2]];
  const isLineBreak = first === "\n" || (first === "\r" && second === "\n");
  const isId = /[0-9\r]/.test(first) || (first === "-" && /[0-9\r\n]/.test(second));
  if (isId && !isLineBreak) return unknown(lexer, at);
  lexer.files.at = lineEnd(text, at) + 1;
  lexer.files.line += 1;
  lexer.state = "line";
  lexer.isContinued = false;
  return { kind: "newline" };
}

/** A character that no token starts with. */
export function unknown(lexer: LexerState, at: number): Token {
  lexer.files.at = at + 1;
  return { kind: "invalid", reason: "syntax error" };
}

export function startString(lexer: LexerState, at: number): void {
  lexer.string = undefined;
  lexer.state = "string";
  lexer.files.at = at + 1;
}

export function includeToken(lexer: LexerState, end: number, isFolder: boolean): Token {
  lexer.files.at = end;
  lexer.state = "include";
  return { kind: isFolder ? "includedir" : "include" };
}

export function invalidContinuation(): Token {
  return { kind: "invalid", reason: "invalid line continuation" };
}

const SPECIAL_IN_PATH = /\\([,:= \t#])/g;

export function commandOf(found: string, args: string[] | undefined): Token {
  const path = found.startsWith("^") ? found : found.replace(SPECIAL_IN_PATH, "$1");
  return {
    kind: "command",
    path: path.endsWith("/sudoedit") ? "sudoedit" : path,
    args: args?.join(""),
  };
}

/** Removes the backslash before a quoted character. `\x41` is an A. */
export function unquote(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(?:x([0-9A-Fa-f]{2})|([\s\S]))/g, (_match, hex, mark) =>
    hex === undefined ? mark : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
