// Parses crontab(5), in the format of users and in that of the system, and anacrontab(5).
import { firstProgram } from "./shell-program.ts";

export interface CronLine {
  schedule: string;
  /** Only in the system's format. */
  user: string | undefined;
  /** The program's path or name; undefined: not known. */
  program: string | undefined;
}

const MAX_LINE = 100_000;
/** A list of numbers, ranges and steps. A minus before the first one only suppresses a log line. */
const FIELD = /^-?[0-9*/,?~-]{1,200}$/;
/** Names of months and days in such a list. In a line without all fields, the command is in their place. */
const DATE_NAMES = /jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat/gi;
const SHORTCUT = /^@(?:reboot|hourly|daily|midnight|weekly|monthly|yearly|annually|every_\w{1,20}|\d{1,9})$/i;
/** In a line without an account, the command is in its place. FreeBSD and Solaris add `:group/class`. */
const ACCOUNT = /^[\w.-]{1,250}\$?(?::[\w.-]{1,60})?(?:\/[\w.-]{1,60})?$/;
const VARIABLE = /^(?:"[^"]*"|'[^']*'|[^\s="']+)\s*=/;

export function* parseCrontab(text: string, { hasUser }: { hasUser: boolean }): Generator<CronLine> {
  for (const line of contentLines(text)) {
    if (VARIABLE.test(line)) continue;
    const time = line.startsWith("@") ? takeWords(line, 1) : takeWords(line, 5);
    if (time === undefined || !time.words.every(isTime)) continue;
    const account = hasUser ? takeWords(time.rest, 1) : { words: [], rest: time.rest };
    if (account === undefined || account.rest === "") continue;
    if (!account.words.every((word) => ACCOUNT.test(word))) continue;
    yield {
      schedule: time.words.join(" "),
      user: account.words[0],
      program: firstProgram(withoutInput(account.rest)),
    };
  }
}

function isTime(word: string): boolean {
  return SHORTCUT.test(word) || FIELD.test(word.replace(DATE_NAMES, "1"));
}

export interface AnacronLine {
  schedule: string;
  name: string;
  program: string | undefined;
}

/** Lines of period in days, delay in minutes, name and command. */
export function* parseAnacrontab(text: string): Generator<AnacronLine> {
  for (const line of contentLines(text)) {
    if (VARIABLE.test(line)) continue;
    const taken = takeWords(line, 3);
    const [period = "", delay = "", name = ""] = taken?.words ?? [];
    if (taken === undefined || !/^(?:\d{1,6}|@[a-z]+)$/.test(period) || !/^\d{1,6}$/.test(delay)) continue;
    // The name is missing, and a variable of the command is in its place.
    if (name.includes("=")) continue;
    const days = period === "1" ? "every day" : `every ${period} days`;
    const every = period.startsWith("@") ? period : days;
    yield { schedule: `${every}, delay ${delay} minutes`, name, program: firstProgram(taken.rest) };
  }
}

/** One after another: a file may have a hundred thousand. */
function* contentLines(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = end - start > MAX_LINE ? "" : text.slice(start, end).trim();
    if (line !== "" && !line.startsWith("#")) yield line;
    start = end + 1;
  }
}

/** The first words, and the text after them. Undefined if there are fewer. */
function takeWords(text: string, count: number): { words: string[]; rest: string } | undefined {
  const words: string[] = [];
  let rest = text;
  for (; words.length < count; rest = rest.trimStart()) {
    const end = rest.search(/\s/);
    if (end < 0 && (rest === "" || words.length + 1 < count)) return undefined;
    words.push(end < 0 ? rest : rest.slice(0, end));
    rest = end < 0 ? "" : rest.slice(end);
  }
  return { words, rest };
}

/** What follows the first `%` is the standard input of the command. `\%` is a percent sign. */
function withoutInput(command: string): string {
  for (let at = 0; at < command.length; at += 1) {
    if (command[at] === "\\") at += 1;
    else if (command[at] === "%") return command.slice(0, at);
  }
  return command;
}
