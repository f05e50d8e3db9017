// Names of units: `name.service`, templates `name@.service` and their instances `name@instance.service`
// (systemd.unit(5)).

const SERVICE_NAME = /^[A-Za-z0-9:_.\\-][A-Za-z0-9:_.\\@-]*\.service$/;

export function isServiceName(name: string): boolean {
  return name.length <= 255 && SERVICE_NAME.test(name);
}

export function isTemplate(name: string): boolean {
  return name.includes("@.");
}

export function isInstance(name: string): boolean {
  return name.includes("@") && !isTemplate(name);
}

/** The template of an instance: `getty@tty1.service` → `getty@.service`; undefined for other names. */
export function templateOf(name: string): string | undefined {
  return isInstance(name) ? withInstance(name, "") : undefined;
}

/** Sets the instance of a template. Returns other names unchanged. */
export function withInstance(name: string, instance: string): string {
  const at = name.indexOf("@");
  return at < 0 ? name : `${name.slice(0, at + 1)}${instance}${name.slice(name.lastIndexOf("."))}`;
}

export function instanceOf(name: string): string {
  const at = name.indexOf("@");
  return at < 0 ? "" : name.slice(at + 1, name.lastIndexOf("."));
}

/**
 * Expands the specifiers of unit names in [Install]: %i and %I instance, %n name, %N name without type, %p
 * and %P prefix, %%.
 */
export function expandSpecifiers(text: string, unit: string): string {
  const stem = unit.slice(0, unit.lastIndexOf("."));
  const prefix = stem.split("@", 1)[0] ?? stem;
  return text.replace(/%([iInNpP%])/g, (_, specifier: string) => {
    if (specifier === "%") return "%";
    if (specifier === "n") return unit;
    if (specifier === "N") return stem;
    return specifier === "i" || specifier === "I" ? instanceOf(unit) : prefix;
  });
}
