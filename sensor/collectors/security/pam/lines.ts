// Parses the lines of a PAM service file (pam.conf(5)) as Linux-PAM does.

export interface PamLine {
  /** Only of lines in /etc/pam.conf. Lower case. */
  service?: string;
  /** `auth`, `account`, `password` or `session`. */
  type: string;
  /** One word, or what is in the brackets. `@include` for Debian's directive. */
  control: string;
  /** The module, or the service that an include names. */
  module: string;
  options: string[];
}

/** `hasService`: the lines of /etc/pam.conf start with the name of a service. */
export function parsePamLines(text: string, hasService = false): PamLine[] {
  return joinedLines(text).flatMap((line) => {
    const words = splitWords(line);
    if (words[0] === "@include")
      return words[1] ? { type: "", control: "@include", module: words[1], options: [] } : [];
    const service = hasService ? words.shift()?.toLowerCase() : undefined;
    const [type = "", control = "", module = "", ...options] = words;
    return module ? { service, type: type.replace(/^-/, "").toLowerCase(), control, module, options } : [];
  });
}

/**
 * A line that ends in a backslash continues on the next one. `#` starts a comment, which does not continue.
 */
function joinedLines(text: string): string[] {
  const lines: string[] = [];
  let parts: string[] = [];
  for (const raw of text.split("\n")) {
    const hash = raw.indexOf("#");
    const line = (hash < 0 ? raw : raw.slice(0, hash)).trim();
    // Empty lines and comments do not end a continued line.
    if (line === "" && parts.length > 0) continue;
    const continues = line.endsWith("\\");
    parts.push(continues ? line.slice(0, -1) : line);
    if (continues) continue;
    lines.push(parts.join(" "));
    parts = [];
  }
  // Linux-PAM does not accept a last line that continues.
  return lines.filter((line) => line.trim() !== "");
}

/** Words in brackets may have blanks, and `\]` in them is a bracket. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    while (at < line.length && isBlank(line[at] as string)) at += 1;
    if (at >= line.length) break;
    const isBracketed = line[at] === "[";
    if (isBracketed) at += 1;
    const word: string[] = [];
    for (; at < line.length; at += 1) {
      const character = line[at] as string;
      if (isBracketed ? character === "]" : isBlank(character)) break;
      if (isBracketed && character === "\\" && line[at + 1] === "]") at += 1;
      word.push(line[at] as string);
    }
    at += 1;
    words.push(word.join(""));
  }
  return words;
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\r";
}
