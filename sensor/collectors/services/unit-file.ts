// Parses systemd unit files (systemd.syntax(7)): sections of assignments. Supports only what the inventory
// needs.

/**
 * Values of `Section.Name`, in order. An empty assignment clears the earlier values, as in systemd's lists.
 */
export type UnitSettings = Map<string, string[]>;

/** Adds the assignments of a file to those of earlier files. Drop-ins come after the unit file. */
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

/** Yields the lines without comments. A line that ends in a backslash is joined with the next by a space. */
function* joinedLines(text: string): Generator<string> {
  let held = "";
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    // A line continues after a comment inside it.
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
