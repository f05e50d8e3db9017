// Several values in one parameter, with commas: `offline,pending`. A value with a comma, a quotation mark or
// a space is in quotation marks, and a quotation mark in it is doubled: `pci,"rack 7, left"`.

/** Returns the values; undefined: a quotation mark is not closed, or text follows one. */
export function parseList(text: string): string[] | undefined {
  const values: string[] = [];
  let at = 0;
  do {
    const { value, end } = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
    if (end < text.length && text[end] !== ",") return undefined;
    if (end > text.length) return undefined;
    values.push(value);
    at = end + 1;
  } while (at <= text.length);
  return values;
}

function readPlain(text: string, start: number): { value: string; end: number } {
  const comma = text.indexOf(",", start);
  const end = comma === -1 ? text.length : comma;
  return { value: text.slice(start, end), end };
}

/** `end` is behind the text if the quotation mark is not closed. */
function readQuoted(text: string, start: number): { value: string; end: number } {
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') value += text[at];
    else if (text[at + 1] === '"') value += text[at++];
    else return { value, end: at + 1 };
  }
  return { value, end: text.length + 1 };
}

export function formatList(values: readonly string[]): string {
  return values
    .map((value) => (/[\s,"]/.test(value) || value === "" ? `"${value.replaceAll('"', '""')}"` : value))
    .join();
}
