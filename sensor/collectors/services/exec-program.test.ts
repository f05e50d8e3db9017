import { expect, test } from "bun:test";
import fc from "fast-check";
import { programOf } from "./exec-program.ts";

const nothingExists = { exists: () => false };

test("the program is the first word, without systemd's prefixes and without arguments", () => {
  const cases: Record<string, string | undefined> = {
    "/usr/bin/exporter --password=hunter2": "/usr/bin/exporter",
    "-/sbin/agetty -o '-p -- \\\\u' --noclear - $TERM": "/sbin/agetty",
    "@/usr/bin/dbus-daemon @dbus-daemon --system": "/usr/bin/dbus-daemon",
    "+!!:-/usr/bin/a b": "/usr/bin/a",
    "|/usr/bin/a": "/usr/bin/a",
    "- /usr/bin/a b": "/usr/bin/a",
    '"/usr/bin/sleep" "60"': "/usr/bin/sleep",
    "'/usr/bin/a'\tb": "/usr/bin/a",
    "/opt/my\\x2dapp/run\\x20--password=hunter2": "/opt/my-app/run",
    "env PASSWORD=hunter2 run": "env",
    "PASSWORD=hunter2 /usr/bin/a": undefined,
    '"/usr/bin/exporter --password=hunter2"': "/usr/bin/exporter",
    '"/usr/bin/exporter;--password=hunter2"': "/usr/bin/exporter",
    "'/usr/bin/open --password=hunter2": "/usr/bin/open",
    "/usr/bin/%i --x": "/usr/bin/%i",
    "": undefined,
    "-": undefined,
    "https://user:hunter2@example/": undefined,
  };
  for (const [line, program] of Object.entries(cases))
    expect([line, programOf(line, nothingExists)]).toEqual([line, program]);
  expect(programOf('"/opt/My App/run" -p x', { exists: (path) => path === "/opt/My App/run" })).toBe(
    "/opt/My App/run",
  );
});

test("what follows the program never appears, however it is quoted", () => {
  const separator = fc.constantFrom(" ", "\t", '" "', "' '", "\\x20", "=", ";", "  -p ", "$", "?");
  const quote = fc.constantFrom("", '"', "'");
  fc.assert(
    fc.property(quote, separator, (open, between) => {
      const program = programOf(`${open}/usr/bin/run${between}SECRET`, nothingExists) ?? "";
      expect(program).not.toContain("SECRET");
    }),
  );
});
