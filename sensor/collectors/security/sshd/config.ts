// Parses sshd_config(5) with its included files: the lines for all connections, and those of each Match
// block. sshd refuses to start with a line that it does not understand. Such a line is a problem here.
import { posix } from "node:path";
import { CHALLENGE_RESPONSE, findKeyword, isAllowedInMatch, type SshdKeyword } from "./keywords.ts";
import { readCriteria } from "./match.ts";
import { readerOf } from "./values.ts";
import { splitArguments, splitDelimited, splitKeyword } from "./words.ts";

export interface SshdLine {
  keyword: SshdKeyword;
  values: string[];
  /** The file, or what else sets it. */
  source: string;
  /** Set by one of the older names of KbdInteractiveAuthentication. */
  isChallengeResponse: boolean;
}

export interface SshdBlock {
  /** Empty: all connections. */
  criteria: string;
  lines: SshdLine[];
}

export interface SshdProblem {
  /** The file and the line. */
  subject: string;
  reason: string;
}

export interface SshdConfig {
  /** Includes the lines below `Match all`. */
  lines: SshdLine[];
  blocks: SshdBlock[];
  /** The number of lines before an included file that cannot be read. Undefined: all are read. */
  readable: number | undefined;
  /** Keywords with a line that sshd rejects. */
  rejected: Set<SshdKeyword>;
  problems: SshdProblem[];
}

export interface SshdSources {
  /** The version as a number, e.g. 902. Undefined: unknown. */
  version: number | undefined;
  /** The paths of an Include. Undefined: a folder cannot be read. */
  list(pattern: string): string[] | undefined;
  /** Undefined: the file cannot be read. */
  read(path: string): string | undefined;
}

/** As in sshd. */
const MAX_DEPTH = 16;
const MAX_INCLUDES = 2_000;
/** Of all files, each time that one is included. */
const MAX_CHARACTERS = 4_000_000;
const MAX_PROBLEMS = 1_000;
/** Since this version sshd splits arguments like a shell, and Match too since the other one. */
const SHELL_WORDS = 807;
const SHELL_WORDS_IN_MATCH = 909;
const ANY_METHODS_LATER = 908;
/** Before, sshd rejected a second subsystem of one name. */
const FIRST_SUBSYSTEM_COUNTS = 905;

/** Where a line is, which decides the connections that it is for. */
interface Place {
  /** Undefined: outside of Match blocks. */
  block: SshdBlock | undefined;
  /** The criteria of the block that includes the file. Empty: no block does. */
  outer: string;
}

export function parseSshdConfig(
  main: { path: string; text: string },
  sources: SshdSources,
  options: readonly { text: string; source: string }[] = [],
): SshdConfig {
  const config: SshdConfig = {
    lines: [],
    blocks: [],
    readable: undefined,
    rejected: new Set(),
    problems: [],
  };
  const version = sources.version ?? SHELL_WORDS;
  const isShellLike = version >= SHELL_WORDS;
  const noted = new Set<string>();
  const once = new Set<string>();
  const paths = new Map<string, string[] | undefined>();
  const texts = new Map<string, string | undefined>();
  /** The files from the main one to the current one. */
  const open: string[] = [];
  let includes = 0;
  let characters = 0;

  function problem(subject: string, reason: string): void {
    // An included file may be parsed many times.
    const key = `${subject}\n${reason}`;
    if (noted.has(key) || noted.size >= MAX_PROBLEMS) return;
    noted.add(key);
    config.problems.push({ subject, reason });
  }

  function parseFile(path: string, text: string, outer: Place): void {
    const place = { ...outer };
    let number = 0;
    open.push(path);
    for (const line of linesOf(text)) {
      number += 1;
      characters += line.length + 1;
      if (characters > MAX_CHARACTERS) {
        problem(path, `more than ${MAX_CHARACTERS} characters`);
        break;
      }
      const reason = parseLine(line, path, place);
      if (reason !== undefined) problem(`${path} line ${number}`, reason);
    }
    open.pop();
  }

  /** Returns what is wrong with the line. */
  function parseLine(line: string, source: string, place: Place): string | undefined {
    // Before, `#` is a comment everywhere in a line.
    const split = splitKeyword(isShellLike ? line : (line.split("#", 1)[0] ?? ""));
    if (split === undefined) return undefined;
    const name = split.keyword.toLowerCase();
    if (split.rest === "") return "a keyword without an argument";
    const words = isShellLike ? splitArguments(split.rest) : splitDelimited(split.rest);
    if (words === undefined) return "a quote that is not closed";
    if (name === "match") return enterMatch(split.rest, words, place);
    if (name === "include") return include(words, place);
    const keyword = findKeyword(name);
    if (keyword === undefined || keyword.since > (sources.version ?? keyword.since))
      return "an unknown keyword";
    const isForAll = place.block === undefined || place.block.criteria === "";
    if (!isForAll && !isAllowedInMatch(name, keyword, sources.version))
      return `${keyword.name} in a Match block`;
    // Before, sshd did not look at methods after the first ones.
    if (keyword.type === "methods" && !isShellLike && !place.block && once.has(keyword.type))
      return undefined;
    const values = readerOf(keyword.type)(words, split.rest);
    if (values === undefined) {
      config.rejected.add(keyword);
      return `a value that ${keyword.name} does not accept`;
    }
    if (isRepeated(keyword, values, isForAll))
      return version < FIRST_SUBSYSTEM_COUNTS ? `${keyword.name} a second time` : undefined;
    const parsed = { keyword, values, source, isChallengeResponse: CHALLENGE_RESPONSE.includes(name) };
    place.block?.lines.push(parsed);
    if (isForAll) config.lines.push(parsed);
    return undefined;
  }

  /** A subsystem must have a new name, and in some versions `AuthenticationMethods any` must be the first. */
  function isRepeated({ type }: SshdKeyword, [value = ""]: string[], isForAll: boolean): boolean {
    if (type !== "subsystem" && (type !== "methods" || !isShellLike)) return false;
    const name = type === "methods" ? type : (value.split(" ", 1)[0] as string);
    if (once.has(name) && (type === "subsystem" || (value === "any" && version < ANY_METHODS_LATER)))
      return true;
    if (isForAll) once.add(name);
    return false;
  }

  function enterMatch(rest: string, words: readonly string[], place: Place): string | undefined {
    const given = version >= SHELL_WORDS_IN_MATCH ? words : withoutComment(splitDelimited(rest));
    const criteria = readCriteria(given, sources.version ?? Number.POSITIVE_INFINITY);
    if (criteria === undefined) return "criteria of a Match block that are not understood";
    place.block = { criteria: [place.outer, criteria].filter(Boolean).join(" "), lines: [] };
    config.blocks.push(place.block);
    return undefined;
  }

  function include(words: readonly string[], place: Place): string | undefined {
    if (words.length === 0 || words.includes("")) return "an Include without a file";
    let reason: string | undefined;
    for (const word of words) {
      const pattern = /^[/~]/.test(word) ? word : posix.join("/etc/ssh", word);
      if (!paths.has(pattern)) paths.set(pattern, sources.list(pattern));
      const found = paths.get(pattern);
      if (found === undefined) config.readable ??= config.lines.length;
      for (const path of found ?? []) {
        includes += 1;
        if (includes > MAX_INCLUDES) return `more than ${MAX_INCLUDES} included files`;
        if (open.includes(path)) reason = "a file that includes itself";
        else if (open.length > MAX_DEPTH) reason = `includes more than ${MAX_DEPTH} levels deep`;
        else includeFile(path, { ...place, outer: place.block?.criteria ?? "" });
      }
    }
    return reason;
  }

  function includeFile(path: string, place: Place): void {
    if (!texts.has(path)) texts.set(path, sources.read(path));
    const text = texts.get(path);
    if (text === undefined) config.readable ??= config.lines.length;
    else parseFile(path, text, place);
  }

  const outside = { block: undefined, outer: "" };
  for (const { text, source } of options) {
    const reason = parseLine(text, source, { ...outside });
    if (reason !== undefined) problem(source, reason);
  }
  parseFile(main.path, main.text, outside);
  return config;
}

function withoutComment(words: readonly string[]): readonly string[] {
  const comment = words.findIndex((word) => word.startsWith("#"));
  return comment < 0 ? words : words.slice(0, comment);
}

/** sshd reads each line up to a NUL, which also hides the end of the line. */
function* linesOf(text: string): Generator<string> {
  const clean = text.includes("\0") ? text.replace(/\0[^\n]*\n?/g, "") : text;
  let start = 0;
  while (start < clean.length) {
    const found = clean.indexOf("\n", start);
    const end = found < 0 ? clean.length : found;
    yield trimEnd(clean.slice(start, end));
    start = end + 1;
  }
}

/** Blanks and form feeds at the end, as sshd does. */
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 1 && " \t\r\n\f".includes(line[end - 1] as string)) end -= 1;
  return line.slice(0, end);
}
