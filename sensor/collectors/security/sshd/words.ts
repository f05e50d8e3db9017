// Splits a line of sshd_config into words, as each version of OpenSSH does (misc.c).

const BLANKS = " \t\r\n";

interface FirstWord {
  /** Undefined: a quote is not closed. */
  word: string | undefined;
  /** What follows the word and its separator. Undefined: nothing. */
  rest: string | undefined;
}

/**
 * The first word, which ends at a blank, `=` or the end of a double quote. The word is empty if the
 * text starts with a separator.
 */
function takeWord(text: string): FirstWord {
  let end = 0;
  while (end < text.length && !BLANKS.includes(text[end] as string) && !`"=`.includes(text[end] as string))
    end += 1;
  if (end === text.length) return { word: text, rest: undefined };
  if (text[end] === '"') {
    const close = text.indexOf('"', end + 1);
    if (close < 0) return { word: undefined, rest: undefined };
    return {
      word: text.slice(0, end) + text.slice(end + 1, close),
      rest: text.slice(skipBlanks(text, close + 1)),
    };
  }
  let next = skipBlanks(text, end + 1);
  // One `=` separates, with or without blanks around it.
  if (text[end] !== "=" && text[next] === "=") next = skipBlanks(text, next + 1);
  return { word: text.slice(0, end), rest: text.slice(next) };
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && BLANKS.includes(text[at] as string)) at += 1;
  return at;
}

/** The keyword, as written, and what follows it. Undefined: sshd ignores the line. */
export function splitKeyword(line: string): { keyword: string; rest: string } | undefined {
  let { word, rest } = takeWord(line);
  if (word === "" && rest !== undefined) ({ word, rest } = takeWord(rest));
  return !word || word.startsWith("#") ? undefined : { keyword: word, rest: rest ?? "" };
}

/** The words as before OpenSSH 8.7: only double quotes, `=` separates, and no comments. */
export function splitDelimited(text: string): string[] {
  const words: string[] = [];
  for (let rest: string | undefined = text; rest; ) {
    const { word, rest: next }: FirstWord = takeWord(rest);
    if (word === undefined) break;
    // sshd takes an empty word for the end, and accepts nothing after it.
    if (word !== "" || next) words.push(word);
    rest = next;
  }
  return words;
}

/**
 * The words as since OpenSSH 8.7: single and double quotes, backslashes, and `#` starts a comment. Undefined:
 * a quote is not closed.
 */
export function splitArguments(text: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === " " || text[at] === "\t") at += 1;
    if (at >= text.length || text[at] === "#") return words;
    const word: string[] = [];
    let quote = "";
    for (; at < text.length; at += 1) {
      const character = text[at] as string;
      const next = text[at + 1] ?? "";
      if (character === "\\" && next !== "" && (`'"\\`.includes(next) || (quote === "" && next === " "))) {
        word.push(next);
        at += 1;
      } else if (quote === "" && (character === " " || character === "\t")) break;
      else if (quote === "" && (character === '"' || character === "'")) quote = character;
      else if (character === quote) quote = "";
      else word.push(character);
    }
    if (quote !== "") return undefined;
    words.push(word.join(""));
  }
}
