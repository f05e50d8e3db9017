// Names of units: `name.service`, templates `name@.service` and their instances `name@instance.service`
// (systemd.unit(5)).

const UNIT_NAME = /^[A-Za-z0-9:_.\\-][A-Za-z0-9:_.\\@-]*\.(?:service|socket)$/;

/** Whether it is the name of a service or a socket. */
export function isUnitName(name: string): boolean {
  return name.length <= 255 && UNIT_NAME.test(name);
}

export function isSocketName(name: string): boolean {
  return name.endsWith(".socket");
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

/** Folders and accounts of the system's manager (systemd.unit(5), "Specifiers"). */
const FIXED: Record<string, string> = {
  t: "/run",
  S: "/var/lib",
  C: "/var/cache",
  L: "/var/log",
  E: "/etc",
  D: "/usr/share",
  T: "/tmp",
  V: "/var/tmp",
  h: "/root",
  u: "root",
  U: "0",
  g: "root",
  G: "0",
  "%": "%",
};

/** Expands the specifiers that the unit's name and the system's manager decide. Keeps those of a template. */
export function expandSpecifiers(text: string, unit: string): string {
  if (!text.includes("%")) return text;
  const stem = unit.slice(0, unit.lastIndexOf("."));
  const prefix = stem.split("@", 1)[0] ?? stem;
  const instance = instanceOf(unit);
  const lastPart = prefix.slice(prefix.lastIndexOf("-") + 1);
  const named: Record<string, string> = {
    n: unit,
    N: unescaped(stem),
    p: prefix,
    P: unescaped(prefix),
    j: lastPart,
    J: unescaped(lastPart),
    ...(isTemplate(unit)
      ? {}
      : { i: instance, I: unescaped(instance), f: `/${unescaped(instance || prefix).replace(/^\/+/, "")}` }),
  };
  return text.replace(
    /%([A-Za-z%])/g,
    (whole, specifier: string) => named[specifier] ?? FIXED[specifier] ?? whole,
  );
}

/** The reverse of systemd-escape(1): `-` is a slash, and `\x2d` a character by its code. */
function unescaped(name: string): string {
  return name
    .replaceAll("-", "/")
    .replace(/\\x([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
