// Extracts the texts of a source file: comments, strings, templates and JSX text. It reads tokens, not
// syntax. A string ends at the end of its line at the latest, so that an apostrophe in JSX text affects only
// that line.

type State = "code" | "template";

/** A slash after this starts a regular expression. A slash after a name or a closing bracket divides. */
const BEFORE_REGEX = /(?:[(,=:[!&|?{};>]|\breturn)\s*$|^\s*$/;
const REGEX = /\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const STRING = /(["'])(?:\\.|(?!\1)[^\\\n])*(?:\1|(?=\n|$))/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
/** Text between two tags or braces. Code there would have an operator or a semicolon. */
const JSX_TEXT = />([^<>{}=;&|]*[a-z][^<>{}=;&|]*)[<{]/gi;

/** The texts of a TypeScript source in order, with JSX text at the end. */
export function textsOf(source: string): string[] {
  const texts: string[] = [];
  const states: { state: State; braces: number }[] = [{ state: "code", braces: 0 }];
  let code = "";
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (at < source.length) {
    const top = states.at(-1)!;
    if (top.state === "template") {
      texts.push(take(/(?:\\[\s\S]|\$(?!\{)|[^\\`$])*/y)![0]);
      if (take(/\$\{/y)) states.push({ state: "code", braces: 0 });
      else if (take(/`/y)) states.pop();
      else break;
      continue;
    }
    const comment = take(COMMENT);
    if (comment) {
      texts.push(comment[0]);
      continue;
    }
    const string = take(STRING);
    if (string) {
      texts.push(string[0]);
      code += '""';
      continue;
    }
    if (source[at] === "/" && BEFORE_REGEX.test(code.slice(-40)) && take(REGEX)) {
      code += "0";
      continue;
    }
    const character = source[at]!;
    at += 1;
    if (character === "`") states.push({ state: "template", braces: 0 });
    else if (character === "{") top.braces += 1;
    else if (character === "}" && top.braces === 0 && states.length > 1) states.pop();
    else if (character === "}") top.braces -= 1;
    code += character === "`" ? '""' : character;
  }
  return [...texts, ...Array.from(code.matchAll(JSX_TEXT), ([, text]) => text!)];
}
