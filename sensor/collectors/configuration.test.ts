import { describe, expect, test } from "bun:test";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { findMainFile, findPamService, readConfiguration } from "./configuration.ts";
import { openHostFiles } from "./host-files.ts";

function on<T>(text: string, read: (files: ReturnType<typeof openHostFiles>) => T): T {
  using host = makeRoot(text);
  return read(openHostFiles(host.root));
}
const read = (text: string, software: Parameters<typeof readConfiguration>[1]) =>
  on(text, (files) => readConfiguration(files, software).map(({ path, text }) => [path, text?.trim()]));

describe("one main file", () => {
  test("is the administrator's, else the vendor's", () => {
    const vendor = "-- /usr/etc/sudoers\nvendor\n";
    expect(read("", "sudoers")).toEqual([]);
    expect(read(vendor, "sudoers")).toEqual([["/usr/etc/sudoers", "vendor"]]);
    expect(read(`${vendor}-- /etc/sudoers\nown\n`, "sudoers")).toEqual([["/etc/sudoers", "own"]]);
  });

  test("replaces the vendor's if it is empty or a link to /dev/null, but not if it is a dangling link", () => {
    const vendor = "-- /usr/etc/ssh/sshd_config\nPort 1\n";
    expect(read(`${vendor}-- /etc/ssh/sshd_config\n`, "sshd")).toEqual([["/etc/ssh/sshd_config", ""]]);
    expect(read(`${vendor}-- /etc/ssh/sshd_config -> /dev/null\n`, "sshd")).toEqual([
      ["/etc/ssh/sshd_config", ""],
    ]);
    expect(read(`${vendor}-- /etc/ssh/sshd_config -> /nowhere\n`, "sshd")).toEqual([
      ["/usr/etc/ssh/sshd_config", "Port 1"],
    ]);
  });

  test("that cannot be read is not replaced by the vendor's", () => {
    const unreadable = "-- /usr/etc/nsswitch.conf\nx\n-- /etc/nsswitch.conf/\n";
    expect(read(unreadable, "nsswitch")).toEqual([["/etc/nsswitch.conf", undefined]]);
  });
});

describe("drop-ins", () => {
  test("of login.defs follow the main file, the vendor's first, and mask each other by name", () => {
    const found = read(
      `-- /usr/etc/login.defs
main
-- /usr/etc/login.defs.d/30.defs
vendor 30
-- /usr/etc/login.defs.d/20.defs
vendor 20
-- /usr/etc/login.defs.d/40.defs
vendor 40
-- /etc/login.defs.d/20.defs
own 20
-- /etc/login.defs.d/40.defs -> /dev/null
-- /etc/login.defs.d/50.conf
another suffix
`,
      "login.defs",
    );
    expect(found).toEqual([
      ["/usr/etc/login.defs", "main"],
      ["/usr/etc/login.defs.d/30.defs", "vendor 30"],
      ["/etc/login.defs.d/20.defs", "own 20"],
      ["/etc/login.defs.d/40.defs", ""],
    ]);
  });

  test("of libpwquality come before the main file", () => {
    const found = read(
      `-- /etc/security/pwquality.conf
main
-- /etc/security/pwquality.conf.d/b.conf
b
-- /etc/security/pwquality.conf.d/a.conf
a
-- /usr/lib/security/pwquality.conf
vendor
`,
      "pwquality",
    );
    expect(found.map(([, text]) => text)).toEqual(["a", "b", "main"]);
  });

  test("of sysctl are sorted by name, whatever their folder", () => {
    const found = read(
      `-- /usr/lib/sysctl.d/50.conf
vendor 50
-- /run/sysctl.d/60.conf
run 60
-- /usr/lib/sysctl.d/60.conf
vendor 60
-- /etc/sysctl.d/40.conf
own 40
`,
      "sysctl",
    );
    expect(found.map(([, text]) => text)).toEqual(["own 40", "vendor 50", "run 60"]);
  });
});

test("a PAM service is found in /etc, then /usr/lib, then /usr/etc, or by its absolute path", () => {
  const host = `-- /usr/etc/pam.d/sshd
usr/etc
-- /usr/lib/pam.d/sshd
usr/lib
-- /usr/etc/pam.d/su
su
`;
  const service = (name: string, text = host) =>
    on(text, (files) => findPamService(files, name)?.text?.trim());
  expect(service("sshd")).toBe("usr/lib");
  expect(service("su")).toBe("su");
  expect(service("/usr/etc/pam.d/sshd")).toBe("usr/etc");
  expect(service("sshd", `${host}-- /etc/pam.d/sshd\n`)).toBe("");
  expect(service("other")).toBeUndefined();
});

test("software without a main file has only drop-ins", () => {
  expect(on("-- /etc/sysctl.d/a.conf\nx\n", (files) => findMainFile(files, "sysctl"))).toBeUndefined();
});
