// Parses sshd_config(5): assignments outside of Match blocks, with included files in place.

export interface SshdLine {
  /** Lower case. */
  keyword: string;
  value: string;
  source: string;
}

/** Returns the files of an Include. The parser itself reads no files. */
export type FindIncluded = (pattern: string) => { path: string; text: string }[];

const MAX_DEPTH = 16;

export function parseSshdConfig(
  text: string,
  source: string,
  findIncluded: FindIncluded,
  depth = 0,
): SshdLine[] {
  const lines: SshdLine[] = [];
  let isForEveryone = true;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const separator = line.search(/[\s=]/);
    if (separator < 0) continue;
    const keyword = line.slice(0, separator).toLowerCase();
    const words = splitWords(line.slice(separator).replace(/^\s*=?/, ""));
    // A block ends at the next Match or at the end of its file. `Match all` applies to every connection.
    if (keyword === "match") isForEveryone = words.length === 1 && words[0]?.toLowerCase() === "all";
    else if (!isForEveryone) continue;
    else if (keyword !== "include") lines.push({ keyword, value: words.join(" "), source });
    else if (depth < MAX_DEPTH) {
      for (const file of words.flatMap(findIncluded))
        lines.push(...parseSshdConfig(file.text, file.path, findIncluded, depth + 1));
    }
  }
  return lines;
}

/** Spaces and tabs separate words. Words in double quotes may contain them. `#` starts a comment. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/"([^"]*)"|(\S+)/g)) {
    if (match[2]?.startsWith("#")) break;
    words.push(match[1] ?? match[2] ?? "");
  }
  return words;
}

/** Converts sshd's times, e.g. `2m` or `1h30m`, to seconds. Returns other text unchanged. */
export function timeInSeconds(text: string): string {
  if (!/^(?:\d{1,9}[smhdw]?)+$/i.test(text)) return text;
  const units: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
  let seconds = 0;
  for (const [, amount, unit = "s"] of text.matchAll(/(\d+)([smhdw]?)/gi))
    seconds += Number(amount) * (units[unit.toLowerCase()] ?? 1);
  return String(seconds);
}
