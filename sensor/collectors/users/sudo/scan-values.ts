// What follows its own rules until it ends: the arguments of a command, the options of Defaults, a text in
// double quotes, and the path of an include.
import {
  commandOf,
  type LexerState,
  scanComment,
  scanCommon,
  startString,
  unknown,
  unquote,
} from "./lexer-state.ts";
import {
  argumentEnd,
  blanksEnd,
  continuationEnd,
  includeEnd,
  lineBreakEnd,
  optionEnd,
  patternTextEnd,
  stringEnd,
  valueEnd,
} from "./scan.ts";
import type { Token } from "./tokens.ts";

export function scanArgument(lexer: LexerState, text: string, at: number): Token | undefined {
  const mark = text[at] as string;
  const following = text[at + 1] ?? "";
  if (continuationEnd(text, at) > at + 2 || (mark === "\\" && following === "\n"))
    return scanCommon(lexer, text, at);
  if (mark === "\\" && "*?[]!^:\\,= \t#".includes(following) && following !== "") {
    if (following === "^" && !lexer.features.patterns) return unknown(lexer, at);
    addArgument(lexer, "*?[]!^".includes(following) ? mark + following : following);
    lexer.files.at = at + 2;
    return undefined;
  }
  const end = argumentEnd(text, at);
  // A carriage return before a line break ends the line before it ends the command: sudo rejects such a line.
  if (mark === "\r" && following === "\n") return scanCommon(lexer, text, at);
  if ("#:,\r\n".includes(mark) || (mark === "=" && end <= at + 1)) {
    lexer.state = "line";
    return commandOf(lexer.command.path, lexer.command.args);
  }
  if (end === at) return scanCommon(lexer, text, at);
  if (lexer.features.patterns && lexer.command.args === undefined && mark === "^") {
    lexer.state = "pattern";
    return undefined;
  }
  addArgument(lexer, text.slice(at, end));
  lexer.files.at = end;
  return undefined;
}

function addArgument(lexer: LexerState, text: string): void {
  if (lexer.command.args === undefined) lexer.command.args = [text];
  else lexer.command.args.push(lexer.sawBlank ? ` ${text}` : text);
  lexer.sawBlank = false;
}

/** An argument that is a regular expression, up to its `$`. */
export function scanPattern(lexer: LexerState, text: string, at: number): Token | undefined {
  const mark = text[at] as string;
  if (continuationEnd(text, at) > at || lineBreakEnd(text, at) > at + 1) return scanCommon(lexer, text, at);
  if (mark === "#" || mark === "\r" || mark === "\n") {
    lexer.state = "line";
    return { kind: "invalid", reason: "unterminated regular expression" };
  }
  const args = lexer.command.args ?? [];
  lexer.command.args = args;
  if (mark === "\\") {
    args.push(text.slice(at, at + 2));
    lexer.files.at = at + 2;
    return undefined;
  }
  if (mark === "$") {
    args.push("$");
    lexer.files.at = at + 1;
    lexer.state = "line";
    lexer.isContinued = false;
    return commandOf(lexer.command.path, args);
  }
  const end = patternTextEnd(text, at);
  args.push(text.slice(lexer.isContinued ? blanksEnd(text, at) : at, end));
  lexer.isContinued = false;
  lexer.files.at = end;
  return undefined;
}

export function scanDefaults(lexer: LexerState, text: string, at: number): Token | undefined {
  const mark = text[at] as string;
  if (mark === "#") return scanComment(lexer, text, at);
  if (lexer.state === "defaults-option") {
    const end = optionEnd(text, at);
    if (end === at) return scanCommon(lexer, text, at);
    lexer.files.at = end;
    lexer.state = "defaults-value";
    return { kind: "option", text: text.slice(at, end) };
  }
  if (mark === "," || mark === "=") {
    if (mark === ",") lexer.state = "defaults-option";
    lexer.files.at = at + 1;
    return { kind: mark };
  }
  if (mark === '"') {
    lexer.stateAfter = lexer.state;
    startString(lexer, at);
    return undefined;
  }
  const end = valueEnd(text, at);
  if ((mark === "+" || mark === "-") && text[at + 1] === "=" && end <= at + 2) {
    lexer.files.at = at + 2;
    return { kind: mark === "+" ? "+=" : "-=" };
  }
  if (end === at || continuationEnd(text, at) > end) return scanCommon(lexer, text, at);
  lexer.files.at = end;
  return { kind: "word", text: unquote(text.slice(at, end)) };
}

export function scanString(lexer: LexerState, text: string, at: number): Token | undefined {
  const continuation = continuationEnd(text, at);
  if (continuation > at) {
    lexer.files.at = blanksEnd(text, continuation);
    lexer.files.line += 1;
    lexer.isContinued = true;
    return undefined;
  }
  const mark = text[at] as string;
  if (mark === '"') {
    lexer.files.at = at + 1;
    lexer.state = lexer.stateAfter;
    return stringToken(lexer);
  }
  if (lineBreakEnd(text, at) > at) {
    lexer.state = "line";
    return { kind: "invalid", reason: "unexpected line break in string" };
  }
  const end = stringEnd(text, at);
  if (end === at && mark !== "\\") return unknown(lexer, at);
  lexer.files.at = Math.max(end, at + 1);
  lexer.string ??= [];
  lexer.string.push(unquote(text.slice(at, lexer.files.at)));
  return undefined;
}

function stringToken(lexer: LexerState): Token {
  if (lexer.string === undefined) return { kind: "invalid", reason: "empty string" };
  const text = lexer.string.join("");
  if (lexer.state === "line" || lexer.state === "defaults-scope") {
    if (text === "%" || text === "%:") return { kind: "invalid", reason: "empty group" };
    if (text === "+") return { kind: "invalid", reason: "empty netgroup" };
    if (text.startsWith("%")) return { kind: "usergroup", text };
    if (text.startsWith("+")) return { kind: "netgroup", text };
  }
  return { kind: "word", text };
}

export function scanInclude(lexer: LexerState, text: string, at: number): Token | undefined {
  if (text[at] === '"') {
    lexer.stateAfter = "line";
    startString(lexer, at);
    return undefined;
  }
  const end = includeEnd(text, at);
  if (end === at || continuationEnd(text, at) > end) return scanCommon(lexer, text, at);
  lexer.files.at = end;
  lexer.state = "line";
  return { kind: "word", text: unquote(text.slice(at, end)) };
}
