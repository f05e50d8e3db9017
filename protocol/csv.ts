// Tables as CSV (RFC 4180).

/**
 * The characters with which a spreadsheet begins a formula, also in their wide and small forms, and after
 * white space and invisible characters that it removes (OWASP, CSV injection).
 */
const FORMULA = /^[\s\p{Cf}\p{Cc}]*[\t\r\n=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212]/u;

export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** An apostrophe before a formula makes it text in a spreadsheet. */
function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
