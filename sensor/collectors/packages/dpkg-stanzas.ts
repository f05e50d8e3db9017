// Stanzas of deb822 text (deb-control(5)), as dpkg and opkg write their status. The status file is the
// largest text of most inventories, so the parser looks only at lines whose first letter may begin a field in
// use.

export interface Stanza {
  package?: string;
  status?: string;
  version?: string;
  architecture?: string;
  source?: string;
  maintainer?: string;
  installedSize?: string;
}

const NEWLINE = 10;
const RETURN = 13;

/**
 * Yields each stanza that is not empty. Reads only the first line of a field. The names of fields
 * are not case-sensitive.
 */
export function* parseStanzas(text: string): Generator<Stanza> {
  let stanza: Stanza = {};
  let hasLines = false;
  let start = 0;
  const { length } = text;
  const findRest = restFinder(text);
  while (start < length) {
    const first = text.charCodeAt(start);
    if (first === NEWLINE || (first === RETURN && text.charCodeAt(start + 1) === NEWLINE)) {
      if (hasLines) yield stanza;
      stanza = {};
      hasLines = false;
      start += first === NEWLINE ? 1 : 2;
      continue;
    }
    hasLines = true;
    let end = text.indexOf("\n", start);
    if (end < 0) end = length;
    const field = fieldAt(text, start, end, first | 32);
    if (field !== undefined) stanza[field] = text.slice(start + LABELS[field].length, end).trim();
    start = field === "version" && isComplete(stanza) ? findRest(end, stanza) : end + 1;
  }
  if (hasLines) yield stanza;
}

/** All but the source, which a package may lack. */
function isComplete({ package: name, status, architecture, maintainer, installedSize }: Stanza): boolean {
  return [name, status, architecture, maintainer, installedSize].every((value) => value !== undefined);
}

/**
 * Returns the end of a stanza that is complete, which is most of its lines: dpkg writes dependencies,
 * description and files after the version.
 */
function restFinder(text: string): (end: number, stanza: Stanza) => number {
  const hasReturns = text.includes("\r\n");
  let nextSource = -2;
  return (end, { source }) => {
    const blank = hasReturns ? -1 : text.indexOf("\n\n", end);
    if (blank < 0) return end + 1;
    if (nextSource !== -1 && nextSource < end) nextSource = text.indexOf("\nSource:", end);
    return source === undefined && nextSource >= 0 && nextSource < blank ? end + 1 : blank + 1;
  };
}

/** As dpkg writes them. */
const LABELS = {
  package: "Package:",
  status: "Status:",
  version: "Version:",
  architecture: "Architecture:",
  source: "Source:",
  maintainer: "Maintainer:",
  installedSize: "Installed-Size:",
} as const satisfies Record<keyof Stanza, string>;

function fieldAt(text: string, start: number, end: number, letter: number): keyof Stanza | undefined {
  switch (letter) {
    case 0x70:
      return isLabel(text, start, end, "package");
    case 0x73:
      return isLabel(text, start, end, "status") ?? isLabel(text, start, end, "source");
    case 0x76:
      return isLabel(text, start, end, "version");
    case 0x61:
      return isLabel(text, start, end, "architecture");
    case 0x6d:
      return isLabel(text, start, end, "maintainer");
    case 0x69:
      return isLabel(text, start, end, "installedSize");
    default:
      return undefined;
  }
}

function isLabel<F extends keyof Stanza>(text: string, start: number, end: number, field: F): F | undefined {
  const label = LABELS[field];
  const after = start + label.length;
  if (after > end || text.charCodeAt(after - 1) !== 58) return undefined;
  const isWritten = text.startsWith(label, start);
  return isWritten || text.slice(start, after).toLowerCase() === label.toLowerCase() ? field : undefined;
}
