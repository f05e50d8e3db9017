import { describe, expect, test } from "bun:test";
import { parseDoasRules } from "./doas.ts";
import { parseGroup, parsePasswd, parseShadow, passwordState } from "./passwd.ts";
import { groupPrivileges, userPrivileges } from "./privileges.ts";
import { parseSudoRules } from "./sudoers.ts";
import { parseSudoersLines } from "./sudoers-lines.ts";

test("parses account files and omits invalid entries", () => {
  expect(
    parsePasswd(
      "root:x:0:0:root:/root:/bin/sh\n#c:x:1:1:::\n+nis::::::\nx:x:-1:0:::\nx:x:1\ny:x:4294967296:0:::\n",
    ),
  ).toEqual([
    { name: "root", password: "x", uid: 0, gid: 0, gecos: "root", home: "/root", shell: "/bin/sh" },
  ]);
  expect(parseGroup("sudo:x:27:a, b,,c\n:x:1:\nz:x:\n")).toEqual([
    { name: "sudo", gid: 27, members: ["a", "b", "c"] },
  ]);
  expect(parseShadow("a:!:1::::::\n\u0000\n")).toEqual(
    new Map([
      ["a", "!"],
      ["\u0000", ""],
    ]),
  );
});

test("the password field shows whether the account has no password, a usable one or a locked one", () => {
  expect(["", "!", "!!", "*", "!$6$x$y", "$6$x$y", "x"].map(passwordState)).toEqual([
    "none",
    "locked",
    "locked",
    "locked",
    "locked",
    "set",
    "locked",
  ]);
});

const rules = (text: string, host = "web-01") => parseSudoRules(parseSudoersLines(text), host);

describe("sudoers", () => {
  test("parses tags, run-as lists and several commands", () => {
    expect(rules("alice ALL=(ALL:ALL) NOPASSWD: /bin/a, PASSWD: /bin/b, !/bin/c")).toEqual([
      { users: ["alice"], grant: "NOPASSWD: /bin/a, /bin/b, !/bin/c" },
    ]);
    expect(rules("%wheel ALL=(ALL) NOPASSWD:SETENV: ALL")).toEqual([
      { users: ["%wheel"], grant: "NOPASSWD: SETENV: ALL" },
    ]);
    expect(rules("#1000, %#27 ALL = ALL # a comment")).toEqual([{ users: ["#1000", "%#27"], grant: "ALL" }]);
  });

  test("ignores rules for other target accounts, for other hosts or without a grant", () => {
    expect(rules("alice ALL=(bob) ALL")).toEqual([]);
    expect(rules("alice ALL=(:docker) ALL")).toEqual([]);
    expect(rules("alice db-01 = ALL")).toEqual([]);
    expect(rules("alice ALL, !web-01 = ALL")).toEqual([]);
    expect(rules("alice ALL = !ALL")).toEqual([]);
    expect(rules("Defaults:alice !authenticate")).toEqual([]);
  });

  test("resolves aliases of every kind, also nested and cyclic ones", () => {
    const text = `User_Alias A = alice, B : B = bob, A
Host_Alias WEB = web-01, web-02
Runas_Alias OP = root, operator
Cmnd_Alias C = /bin/c, D : D = /bin/d
A WEB = (OP) C
`;
    const [rule] = rules(text);
    expect(rule?.grant).toBe("/bin/c, /bin/d");
    expect(rule?.users).toContain("alice");
    expect(rule?.users).toContain("bob");
  });

  test("uses the part of a line that applies to the host", () => {
    expect(rules("alice db-01 = /bin/a : web-01 = NOPASSWD: /bin/b")).toEqual([
      { users: ["alice"], grant: "NOPASSWD: /bin/b" },
    ]);
  });

  test("joins continued lines and reads includes as separate lines", () => {
    expect(
      parseSudoersLines("a ALL = \\\n  ALL\n#include /x\n@includedir /y\n# comment\n#1000 ALL=ALL\n"),
    ).toEqual(["a ALL =    ALL", "#include /x", "@includedir /y", "#1000 ALL=ALL"]);
  });

  test("parses invalid text fast and without errors", () => {
    const started = performance.now();
    expect(
      rules(`${"a,".repeat(20_000)}\n${"(".repeat(20_000)}\n${"a : ".repeat(20_000)}=\n\0= = =\n`),
    ).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

test("doas.conf grants root to accounts and groups, and a later deny revokes it", () => {
  const text = `permit persist :wheel
permit nopass keepenv setenv { PATH=/bin } alice as root cmd /sbin/reboot
permit bob as www
permit mallory # for now
deny mallory
nonsense { } \u0000
permit
`;
  expect(parseDoasRules(text)).toEqual([
    { users: ["%wheel"], grant: "ALL" },
    { users: ["alice"], grant: "nopass /sbin/reboot" },
  ]);
});

describe("privileges", () => {
  const named = (text: string) =>
    rules(text).map(({ users, grant }) => ({ users, grant: `sudoers: ${grant}` }));
  const user = { name: "bob", password: "x", uid: 1001, gid: 1001, gecos: "", home: "/", shell: "" };
  const wheel = { name: "wheel", gid: 10, members: ["bob"] };

  test("are granted by group or by name, unless the last entry excludes the account", () => {
    const granted = named("%wheel ALL=(ALL) ALL\nALL, !bob ALL=ALL\nbob ALL=(root) /bin/a");
    const privileges = groupPrivileges(wheel, granted);
    expect(privileges).toEqual(["sudoers: ALL"]);
    expect(userPrivileges(user, [{ ...wheel, privileges }], granted)).toEqual([
      "member of wheel",
      "sudoers: /bin/a",
    ]);
  });

  test("are derived from the group's name if sudoers cannot be read", () => {
    const privileges = groupPrivileges(wheel, undefined);
    expect(privileges).toEqual(["sudo group"]);
    expect(userPrivileges(user, [{ ...wheel, privileges }], undefined)).toEqual(["member of wheel"]);
    expect(groupPrivileges(wheel, [])).toEqual([]);
  });
});
