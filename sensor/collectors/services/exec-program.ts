// The program of an ExecStart line (systemd.service(5)), without its arguments: they can contain passwords.
import type { HostFiles } from "../host-files.ts";

/** `@`, `-`, `:`, `+`, `!`, `!!` and `|` before the path change how systemd runs it. */
const PREFIXES = /^[@\-:+!|]+/;
const MAX_PATH = 1_000;
/** Any other character can belong to an argument that the line does not separate as its author meant. */
const PLAIN_PATH = /^\/[A-Za-z0-9_.,+@:~%\\/-]*$/;
const PLAIN_NAME = /^[A-Za-z0-9_.+-]+$/;
const ESCAPES: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  s: " ",
};

/** Undefined if the line names no program. */
export function programOf(line: string, files: Pick<HostFiles, "exists">): string | undefined {
  const word = firstWord(line.replace(PREFIXES, "").trimStart()).replace(PREFIXES, "");
  if (PLAIN_PATH.test(word) || PLAIN_NAME.test(word)) return word.slice(0, MAX_PATH);
  // A path with a blank is unusual. More often, a quote around the whole line was a mistake.
  if (word.startsWith("/") && word.length <= MAX_PATH && files.exists(word)) return word;
  const start = word.split(/[^A-Za-z0-9_.,+@:~%\\/-]/, 1)[0] ?? "";
  return start.length > 1 && word.startsWith("/") ? start.slice(0, MAX_PATH) : undefined;
}

/** The first word of a line, with its quotes and escapes removed. */
function firstWord(line: string): string {
  let word = "";
  let quote = "";
  for (let at = 0; at < line.length && word.length <= MAX_PATH; at += 1) {
    const character = line.charAt(at);
    if (character === "\\") {
      const code = /^x([0-9a-f]{2})/i.exec(line.slice(at + 1, at + 4))?.[1];
      const next = line.charAt(at + 1);
      word += code ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[next] ?? next);
      at += code ? 3 : 1;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === '"' || character === "'") quote = character;
    else if (/\s/.test(character)) break;
    else word += character;
  }
  return word;
}
