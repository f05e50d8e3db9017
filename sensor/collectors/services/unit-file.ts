// The text of a systemd unit file (systemd.syntax(7)): sections of assignments. Only what the inventory and
// enablement need.

/**
 * Values of `Section.Name`, in order. An empty assignment clears what came before, as systemd does for lists.
 */
export type UnitSettings = Map<string, string[]>;

/** Adds the assignments of one file to those read before it: drop-ins come after the unit file itself. */
export function parseUnitFile(text: string, settings: UnitSettings = new Map()): UnitSettings {
  let section = "";
  for (const line of joinedLines(text)) {
    if (line.startsWith("[")) {
      section = line.slice(1, line.indexOf("]") < 0 ? undefined : line.indexOf("]"));
      continue;
    }
    const equals = line.indexOf("=");
    if (equals <= 0) continue;
    const name = `${section}.${line.slice(0, equals).trimEnd()}`;
    const value = line.slice(equals + 1).trim();
    const values = settings.get(name);
    if (value === "") settings.set(name, []);
    else if (values) values.push(value);
    else settings.set(name, [value]);
  }
  return settings;
}

/** Lines without comments, those that end in a backslash joined with the next by a space. */
function* joinedLines(text: string): Generator<string> {
  let held = "";
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    // A comment inside a continued line is skipped; the line continues after it.
    if (line.startsWith("#") || line.startsWith(";")) continue;
    if (line.endsWith("\\")) {
      held += `${line.slice(0, -1).trimEnd()} `;
      continue;
    }
    const whole = (held + line).trim();
    held = "";
    if (whole !== "") yield whole;
  }
  if (held.trim() !== "") yield held.trim();
}

/** The words of all values, for lists of unit names, which contain no quotes. */
export function wordsOf(settings: UnitSettings, name: string): string[] {
  return (settings.get(name) ?? []).flatMap((value) => value.split(/\s+/).filter(Boolean));
}

/** The last value, which is the effective one for settings that are not lists. */
export function lastOf(settings: UnitSettings, name: string): string | undefined {
  return settings.get(name)?.at(-1);
}
