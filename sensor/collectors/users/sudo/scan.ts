// The words of sudo's lexer. Each function returns the end of the longest match at a position, or the
// position itself if nothing matches there. They read each character once, so that a line of any length takes
// linear time.

type IsMember = (code: number) => boolean;

const BACKSLASH = code("\\");
const NEWLINE = code("\n");
const RETURN = code("\r");

/** A name of a user, host, variable or option. `\` quotes any character but a tab and a line break. */
const isWordCode = except('#>!=:,() \t\r\n\\"');
export function wordEnd(text: string, start: number): number {
  return quotedRun(text, start, isWordCode, except("\t\n"));
}

/** A path without its arguments: a slash and at least one more character. */
const isPathCode = except(",:=\\ \t\r\n#");
const isPathEscape = anyOf(",:= \t#");
export function pathEnd(text: string, start: number): number {
  if (text[start] !== "/") return start;
  const end = quotedRun(text, start + 1, isPathCode, isPathEscape);
  return end === start + 1 ? start : end;
}

/**
 * A regular expression from `^` to the first `$` that no backslash quotes; without one, to the last `$` on
 * the line.
 */
export function patternEnd(text: string, start: number): number {
  if (text[start] !== "^") return start;
  let end = start;
  for (let at = start + 1; at < text.length; at += 1) {
    const mark = text[at];
    if (mark === "$") return at + 1;
    if (mark === "#" || mark === "\r" || mark === "\n") break;
    if (mark !== "\\" || (text[at + 1] !== "#" && text[at + 1] !== "$")) continue;
    at += 1;
    if (text[at] === "$") end = at + 1;
  }
  return end;
}

/** A user or group id: `#1000`. */
export function idEnd(text: string, start: number): number {
  if (text[start] !== "#") return start;
  const digits = text[start + 1] === "-" ? start + 2 : start + 1;
  const end = run(text, digits, isDigit);
  return end === digits ? start : end;
}

/** A value in a Defaults line. */
const startsValue = except('#!=, \t\r\n\\"');
const isValueCode = except('#=, \t\r\n\\"');
export function valueEnd(text: string, start: number): number {
  const first = quotedRun(text, start, startsValue, isOnLine, 1);
  return first === start ? start : quotedRun(text, first, isValueCode, isOnLine);
}

/** The name of a Defaults option. */
const isOptionCode = anyOf("abcdefghijklmnopqrstuvwxyz_");
export function optionEnd(text: string, start: number): number {
  return run(text, start, isOptionCode);
}

/** An alias name, or a keyword. */
export function aliasEnd(text: string, start: number): number {
  return isUpper(text.charCodeAt(start)) ? run(text, start, isAliasCode) : start;
}

/** An argument of a command, up to a character with a special meaning. */
const isArgumentCode = except("#\\:, \t\r\n");
export function argumentEnd(text: string, start: number): number {
  return run(text, start, isArgumentCode);
}

/** Text in double quotes, up to the closing quote, a line break, or a backslash that quotes no quote. */
export function stringEnd(text: string, start: number): number {
  return quotedRun(text, start, isStringCode, isQuote);
}

/** The part of a regular expression that needs no attention. */
const isPatternCode = except("#\\\r\n$");
export function patternTextEnd(text: string, start: number): number {
  return run(text, start, isPatternCode);
}

/** A path of an include without quotes. A quoted blank continues it. */
export function includeEnd(text: string, start: number): number {
  if (isSpace(text.charCodeAt(start)) || text[start] === '"') return start;
  let at = start;
  while (at < text.length) {
    const isEscapedBlank = at > start && text[at] === "\\" && isBlank(text.charCodeAt(at + 1));
    if (isEscapedBlank) at += 2;
    else if (isSpace(text.charCodeAt(at))) break;
    else at += 1;
  }
  return at;
}

export function blanksEnd(text: string, start: number): number {
  return run(text, start, isBlank);
}

export function exclamationsEnd(text: string, start: number): number {
  return run(text, start, (each) => each === 0x21);
}

/** `\` at the end of a line, also with blanks or a carriage return behind it. */
export function continuationEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== BACKSLASH) return start;
  const end = lineBreakEnd(text, blanksEnd(text, start + 1));
  return text.charCodeAt(end - 1) === NEWLINE ? end : start;
}

export function lineBreakEnd(text: string, start: number): number {
  const at = text.charCodeAt(start) === RETURN ? start + 1 : start;
  return text.charCodeAt(at) === NEWLINE ? at + 1 : start;
}

export function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}

export function hexEnd(text: string, start: number): number {
  return run(text, start, isHex);
}

export function base64End(text: string, start: number): number {
  return run(text, start, isBase64);
}

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[0-9]{1,2})";
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
const HEX16 = "[0-9A-Fa-f]{1,4}";
const IPV6 = [`(?:(?:${HEX16})?:){2,7}(?:${HEX16})?`, `(?:(?:${HEX16})?:){2,6}:${IPV4}`];
/** Each finds its longest match. */
const NETWORKS = [
  `${IPV4}(?:/${IPV4})?`,
  `${IPV4}/(?:3[0-2]|[12]?[0-9])`,
  ...IPV6.flatMap((address) => [
    ...["", ...IPV6.map((mask) => `/${mask}`)].map((mask) => `${address}${mask}`),
    `${address}/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9])`,
  ]),
].map((pattern) => new RegExp(pattern, "y"));

/** An address or network, IPv4 or IPv6. */
export function networkEnd(text: string, start: number): number {
  // A first group of digits, and a separator.
  const separator = text[run(text, start, isHex)];
  if (separator !== "." && separator !== ":") return start;
  let end = start;
  for (const network of NETWORKS) {
    network.lastIndex = start;
    if (network.test(text)) end = Math.max(end, network.lastIndex);
  }
  return end;
}

function run(text: string, start: number, isMember: IsMember): number {
  let at = start;
  while (at < text.length && isMember(text.charCodeAt(at))) at += 1;
  return at;
}

/** Members, and any quotable character after a backslash. */
function quotedRun(
  text: string,
  start: number,
  isMember: IsMember,
  isQuotable: IsMember,
  max = Number.POSITIVE_INFINITY,
): number {
  let at = start;
  for (let count = 0; count < max && at < text.length; count += 1) {
    const each = text.charCodeAt(at);
    if (each === BACKSLASH && at + 1 < text.length && isQuotable(text.charCodeAt(at + 1))) at += 2;
    else if (isMember(each)) at += 1;
    else break;
  }
  return at;
}

export function isBlank(each: number): boolean {
  return each === 0x20 || each === 0x09;
}

function isSpace(each: number): boolean {
  return each === 0x20 || (each >= 0x09 && each <= 0x0d);
}

function isDigit(each: number): boolean {
  return each >= 0x30 && each <= 0x39;
}

function isUpper(each: number): boolean {
  return each >= 0x41 && each <= 0x5a;
}

function isAliasCode(each: number): boolean {
  return isUpper(each) || isDigit(each) || each === 0x5f;
}

function isHex(each: number): boolean {
  return isDigit(each) || (each >= 0x41 && each <= 0x46) || (each >= 0x61 && each <= 0x66);
}

function isBase64(each: number): boolean {
  return (
    isDigit(each) ||
    isUpper(each) ||
    (each >= 0x61 && each <= 0x7a) ||
    "+/=".includes(String.fromCharCode(each))
  );
}

function isOnLine(each: number): boolean {
  return each !== NEWLINE && each !== RETURN;
}

function isQuote(each: number): boolean {
  return each === 0x22;
}

function isStringCode(each: number): boolean {
  return each !== BACKSLASH && each !== 0x22 && isOnLine(each);
}

function code(mark: string): number {
  return mark.charCodeAt(0);
}

function anyOf(marks: string): IsMember {
  const table = new Uint8Array(128);
  for (const mark of marks) table[code(mark)] = 1;
  return (each) => table[each] === 1;
}

function except(marks: string): IsMember {
  const table = new Uint8Array(128);
  for (const mark of marks) table[code(mark)] = 1;
  return (each) => table[each] !== 1;
}
