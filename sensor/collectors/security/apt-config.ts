// Parses apt.conf(5): `Name "value";`, nested `Name { … };` and `#clear Name;`. Names are case-insensitive.

export interface AptSetting {
  /** Full name, lower case, e.g. `apt::periodic::unattended-upgrade`. */
  name: string;
  /** Undefined: `#clear` removes it. */
  value: string | undefined;
}

const MAX_SCOPES = 50;

export function parseAptConfig(text: string): AptSetting[] {
  const settings: AptSetting[] = [];
  const scopes: string[] = [];
  let words: string[] = [];
  for (const { kind, text: token } of tokensOf(text)) {
    if (kind === "word") {
      // A list has one word, a setting two.
      if (words.length < 3) words.push(token);
    } else if (token === "{") {
      scopes.push(words[0] ?? "");
      words = [];
    } else {
      const [name, value] = words;
      if (name === "#clear" && value !== undefined)
        settings.push({ name: value.toLowerCase(), value: undefined });
      else if (name !== undefined && value !== undefined && scopes.length <= MAX_SCOPES)
        settings.push({ name: [...scopes, name].filter(Boolean).join("::").toLowerCase(), value });
      words = [];
      if (token === "}") scopes.pop();
    }
  }
  return settings;
}

interface Token {
  kind: "word" | "mark";
  text: string;
}

const MARKS = "{};";

/** Words, in quotes or not, and marks. Comments are omitted. */
function* tokensOf(text: string): Generator<Token> {
  let at = 0;
  const until = (end: string, from: number) => {
    const found = text.indexOf(end, from);
    return found < 0 ? text.length : found;
  };
  while (at < text.length) {
    const character = text[at] as string;
    if (text.startsWith("/*", at)) at = until("*/", at + 2) + 2;
    else if (text.startsWith("//", at)) at = until("\n", at);
    else if (character === "#" && !text.startsWith("#clear", at)) at = until("\n", at);
    else if (character === '"') {
      const end = Math.min(until('"', at + 1), until("\n", at + 1));
      if (text[end] === '"') yield { kind: "word", text: text.slice(at + 1, end) };
      at = end + 1;
    } else if (MARKS.includes(character)) {
      yield { kind: "mark", text: character };
      at += 1;
    } else if (/\s/.test(character)) at += 1;
    else {
      const start = at;
      while (at < text.length && !/[\s{};"]/.test(text[at] as string)) at += 1;
      yield { kind: "word", text: text.slice(start, at) };
    }
  }
}
