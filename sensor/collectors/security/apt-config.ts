// Parses apt.conf(5): `Name "value";` and nested `Name { … };`. Names are case-insensitive.

export interface AptSetting {
  /** Full name, lower case, e.g. `apt::periodic::unattended-upgrade`. */
  name: string;
  value: string;
}

const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*|"([^"\n]*)"|([{};])|([^\s{};"]+)/g;

export function parseAptConfig(text: string): AptSetting[] {
  const settings: AptSetting[] = [];
  const scopes: string[] = [];
  let words: string[] = [];
  for (const [, quoted, mark, word] of text.matchAll(TOKEN)) {
    if (quoted !== undefined) words.push(quoted);
    else if (word !== undefined) words.push(word);
    else if (mark === "{") {
      scopes.push(words[0] ?? "");
      words = [];
    } else if (mark === ";" || mark === "}") {
      const [name, value] = words;
      if (name !== undefined && value !== undefined)
        settings.push({ name: [...scopes, name].filter(Boolean).join("::").toLowerCase(), value });
      words = [];
      if (mark === "}") scopes.pop();
    }
  }
  return settings;
}
