import { describe, expect, test } from "bun:test";
import { collectAccounts } from "../../../testing/test-accounts.ts";

const SHA224 = "sha224:d7910e1967342b4605cb73a550944044c631cd3514001900966962ac";

async function rights(sudoers: string, name = "alice", files: Record<string, string> = {}) {
  const host = await collectAccounts({ "/etc/sudoers": `${sudoers}\n`, ...files });
  return host.rights(name);
}

describe("lines", () => {
  test.each([
    ["a comment that ends in a backslash continues nothing", "# all of them: \\\nalice ALL=ALL"],
    ["blanks after the backslash continue the line", "alice ALL=\\ \t\n ALL"],
    ["a carriage return after the backslash continues the line", "alice \\\r\nALL=ALL"],
    ["a name may contain a quoted character", "al\\ice ALL=ALL"],
    ["a name may be in quotes", '"alice" ALL=ALL'],
    ["a name may be a hexadecimal escape", "\\x61lice ALL=ALL"],
    ["a user id is no comment", "#1000 ALL=ALL # but this is"],
    ["a text ends at a NUL", "alice ALL=ALL\0 junk"],
    ["names ignore letter case", "Alice ALL=ALL"],
    ["capital letters are a name without such an alias", "ALICE ALL=ALL"],
    ["two exclamation marks are none", "!!alice ALL=ALL"],
    ["an element may follow blanks", "bob ,\talice\tALL = ALL"],
  ])("%s", async (_, sudoers) => {
    expect(await rights(sudoers)).toEqual(["sudo: ALL as root, own"]);
  });

  test.each([
    ["a denied user", "!alice ALL=ALL"],
    ["an even number of marks and one", "ALL, !!!alice ALL=ALL"],
    ["a comment before joining", "# \\\n#1000 junk"],
    ["a carriage return within the arguments of a command", "alice ALL=/usr/bin/id\r"],
    ["a command without a path", "alice ALL=id"],
    ["a backslash before a star in a path", "alice ALL=/usr/bin/i\\*d"],
    ["an invalid digest", "alice ALL=sha224:abc /usr/bin/id"],
    ["a missing end of a string", 'alice ALL="ALL'],
  ])("%s gives no right", async (_, sudoers) => {
    expect(await rights(sudoers)).toEqual([]);
  });

  test("sudo rejects a line, keeps what precedes an error behind a colon, and goes on", async () => {
    const sudoers = `alice ALL=/usr/bin/id : ALL=id
alice ALL=/usr/bin/env : ALL junk
User_Alias OPS = alice junk
OPS ALL=/usr/bin/true`;
    const { rights, gaps } = await collectAccounts({ "/etc/sudoers": `${sudoers}\n` });
    expect(rights("alice")).toEqual(["sudo: /usr/bin/id, /usr/bin/true as root, own"]);
    expect(gaps.map(({ kind, subject }) => `${kind} ${subject}`).toSorted()).toEqual([
      "not-understood /etc/sudoers:1",
      "not-understood /etc/sudoers:2",
      "not-understood /etc/sudoers:3",
    ]);
  });

  test("an old sudo refuses to run after a rejected line, and any sudo within an unfinished one", async () => {
    const old = { "/usr/bin/sudo": "\x7fELF\x001.8.31p2\0" };
    expect(await rights("alice ALL=ALL\njunk", "alice", old)).toEqual([]);
    expect(await rights("alice ALL=ALL", "alice", old)).toHaveLength(1);
    expect(await rights("alice ALL=ALL\nbob ALL=\\")).toEqual([]);
    const strict = { "/etc/sudo.conf": "Plugin sudoers_policy sudoers.so error_recovery=false\n" };
    expect(await rights("alice ALL=ALL\njunk", "alice", strict)).toEqual([]);
  });
});

describe("includes", () => {
  const files = {
    "/etc/sudoers.d/10-a": "alice ALL=/usr/bin/a\n",
    "/etc/sudoers.d/20-b": "alice ALL=/usr/bin/b",
    "/etc/sudoers.d/30.bak": "alice ALL=/usr/bin/bak\n",
    "/etc/sudoers.d/40~": "alice ALL=/usr/bin/tilde\n",
    "/etc/more sudoers": "alice ALL=/usr/bin/more\n",
    "/etc/sudoers.web-01": "alice ALL=/usr/bin/host\n",
  };

  test.each([
    ["#includedir sudoers.d  # local", "/usr/bin/a, /usr/bin/b"],
    ["@includedir /etc/sudoers.d", "/usr/bin/a, /usr/bin/b"],
    ["  @includedir /etc/sudoers.d/", "/usr/bin/a, /usr/bin/b"],
    ['@include "/etc/more sudoers"', "/usr/bin/more"],
    ["#include more\\ sudoers", "/usr/bin/more"],
    ["@include sudoers.%h junk", "/usr/bin/host"],
  ])("%s", async (line, commands) => {
    expect(await rights(line, "alice", files)).toEqual([`sudo: ${commands} as root, own`]);
  });

  test("a comment that looks like an include is a comment", async () => {
    expect(await rights("  #include sudoers.web-01\n#includedirx\n#include", "alice", files)).toEqual([]);
  });

  test("an unfinished line continues in the next file", async () => {
    const split = { "/etc/sudoers.d/1": "alice ALL=\\", "/etc/sudoers.d/2": "ALL\n" };
    expect(await rights("@includedir sudoers.d", "alice", split)).toEqual(["sudo: ALL as root, own"]);
  });

  test("before 1.9.13, sudo skips the line after an include of a missing file", async () => {
    const sudoers = "@include missing\nalice ALL=/usr/bin/a\nalice ALL=/usr/bin/b";
    const of = (version: string) => rights(sudoers, "alice", { "/usr/bin/sudo": `\0${version}\0` });
    expect(await of("1.9.12p2")).toEqual(["sudo: /usr/bin/b as root, own"]);
    expect(await of("1.9.13p3")).toEqual(["sudo: /usr/bin/a, /usr/bin/b as root, own"]);
  });

  test("files that include themselves end", async () => {
    const { rights, gaps } = await collectAccounts({
      "/etc/sudoers": "@includedir sudoers.d\n@include sudoers\nalice ALL=ALL\n",
      "/etc/sudoers.d/a": "@includedir /etc/sudoers.d\n@includedir /etc/sudoers.d\n",
    });
    expect(rights("alice")).toEqual(["sudo: ALL as root, own"]);
    expect(gaps.map(({ kind }) => kind)).toContain("limit");
  });

  test("the vendor's file counts without one of the administrator", async () => {
    const vendor = {
      "/usr/etc/sudoers": "@includedir sudoers.d\nalice ALL=/usr/bin/vendor\n",
      "/etc/sudoers.d/a": "alice ALL=/usr/bin/own\n",
    };
    const { rights: rightsOf } = await collectAccounts(vendor);
    expect(rightsOf("alice")).toEqual(["sudo: /usr/bin/own, /usr/bin/vendor as root, own"]);
  });
});

describe("rules", () => {
  test.each([
    ["%wheel ALL=(ALL:ALL) ALL", ["sudo wheel: ALL as ALL:ALL, own"]],
    ["%#10 ALL=NOPASSWD: ALL", ["sudo wheel: ALL as root, none"]],
    ["alice ALL=(www) /usr/bin/id", ["sudo: /usr/bin/id as www, own"]],
    ["alice ALL=(ALL, !root) ALL", ["sudo: ALL as ALL !root, own"]],
    ["alice ALL=(:staff) ALL", ["sudo: ALL as alice:staff, none"]],
    ["alice ALL=() ALL", ["sudo: ALL as alice, none"]],
    ["alice ALL=ALL, !/usr/bin/su", ["sudo: ALL, !/usr/bin/su as root, own"]],
    ["alice ALL=/usr/bin/su\nalice ALL=!/usr/bin/su", []],
    ["alice ALL=(ALL) ALL\nALL ALL=(ALL) !ALL", []],
    ["alice ALL=!/usr/bin/su, /usr/bin/su", ["sudo: /usr/bin/su as root, own"]],
    ["alice ALL=/usr/bin/su\nalice ALL=!/usr/bin/", []],
    [
      `alice ALL=${SHA224} /usr/bin/ls, NOPASSWD: /usr/bin/apt`,
      ["sudo: /usr/bin/ls (with a certain digest) as root, own", "sudo: /usr/bin/apt as root, none"],
    ],
    [
      'alice ALL=/usr/bin/a "", /usr/bin/b --password=hunter2',
      ["sudo: /usr/bin/a (without arguments), /usr/bin/b (with certain arguments) as root, own"],
    ],
    ["alice ALL=NOPASSWD : SETENV: ALL", ["sudo: ALL as root, none"]],
    ["alice ALL=NOTAFTER=2020010100 ALL", []],
    ["alice ALL=NOTBEFORE=20200101000000Z TIMEOUT=1d NOTAFTER=2999010100 ALL", ["sudo: ALL as root, own"]],
    ["alice db-01=ALL : web-0?=/usr/bin/id", ["sudo: /usr/bin/id as root, own"]],
    ["alice ALL, !WEB-01=ALL", []],
    [
      "Cmd_Alias C=/usr/bin/a, !D : D=/usr/bin/a, !/usr/bin/b\nalice ALL=C",
      ["sudo: /usr/bin/b as root, own"],
    ],
    ["User_Alias OPS=ALL,!bob\nOPS ALL=ALL", ["sudo: ALL as root, own"]],
    ["Runas_Alias WEB=www, #33\nalice ALL=(WEB) ALL", ["sudo: ALL as www, own"]],
    ["alice ALL=(ALL) ALL, (www) NOPASSWD: ALL", ["sudo: ALL as ALL !www, own", "sudo: ALL as www, none"]],
    ["alice ALL=(ROOT) ALL", ["sudo: ALL as root, own"]],
  ])("%s", async (sudoers, expected) => {
    expect(await rights(sudoers)).toEqual(expected);
  });

  test("accounts without rules have no rights, and groups have those of their rules", async () => {
    const { rights, user, group } = await collectAccounts({
      "/etc/sudoers": "%wheel ALL=ALL\nALL ALL=!ALL\nbob ALL=/bin/id\n",
    });
    expect(rights("carol")).toEqual([]);
    expect([user("alice").rootAccess, user("bob").rootAccess, user("root").rootAccess]).toEqual([
      "none",
      "some-commands",
      "full",
    ]);
    expect(group("wheel").privileges).toEqual([
      { source: "sudo", runAs: ["root"], commands: ["ALL"], password: "own" },
    ]);
    expect(group("sudo").privileges).toEqual([]);
  });

  test("lists of others than this host knows are gaps", async () => {
    const { gaps, rights } = await collectAccounts({
      "/etc/sudoers": "+admins ALL=ALL\n%:ads ALL=ALL\nalice 192.0.2.0/24=ALL\nDefaults group_plugin=x.so\n",
      "/etc/nsswitch.conf": "sudoers: files sss\n",
    });
    expect(rights("alice")).toEqual([]);
    expect(gaps.map(({ kind, reason }) => `${kind}: ${reason}`).toSorted()).toEqual([
      "not-understood: groups of a plugin in sudoers are not looked up",
      "not-understood: netgroups in sudoers are not looked up",
      "not-understood: sudo also asks sss for rules, which are not read",
      "not-understood: sudo asks a plugin for groups",
      "not-understood: the addresses of this host are not known",
    ]);
  });
});

describe("defaults", () => {
  test.each([
    ["Defaults targetpw\nalice ALL=(ALL) ALL", ["sudo: ALL as ALL, target"]],
    ["Defaults rootpw, !requiretty\nalice ALL=ALL", ["sudo: ALL as root, root"]],
    ["Defaults runaspw\nalice ALL=ALL", ["sudo: ALL as root, root"]],
    ["Defaults runaspw, runas_default=www\nalice ALL=ALL", ["sudo: ALL as www, runas-default"]],
    [
      "Defaults !authenticate\nalice ALL=ALL, PASSWD: /bin/a",
      ["sudo: ALL as root, none", "sudo: /bin/a as root, own"],
    ],
    ["Defaults:bob !authenticate\nalice ALL=ALL", ["sudo: ALL as root, own"]],
    ["Defaults:%wheel, !bob !authenticate\nalice ALL=ALL", ["sudo: ALL as root, none"]],
    ["Defaults@web-01 targetpw\nDefaults@db-01 !targetpw\nalice ALL=ALL", ["sudo: ALL as root, target"]],
    [
      "Defaults>www !authenticate\nalice ALL=(ALL) ALL",
      ["sudo: ALL as ALL !www, own", "sudo: ALL as www, none"],
    ],
    [
      "Defaults!/usr/bin/id !authenticate\nalice ALL=ALL",
      ["sudo: ALL as root, own", "sudo: /usr/bin/id as root, none"],
    ],
    ["Defaults exempt_group=wheel\nalice ALL=ALL", ["sudo: ALL as root, none"]],
    ["Defaults exempt_group=wheel\nDefaults !exempt_group\nalice ALL=ALL", ["sudo: ALL as root, own"]],
    ["Defaults !case_insensitive_user\nAlice ALL=ALL", []],
    ["Defaults targetpw=yes\nalice ALL=ALL", ["sudo: ALL as root, own"]],
  ])("%s", async (sudoers, expected) => {
    expect((await rights(sudoers)).toSorted()).toEqual(expected.toSorted());
  });
});

describe("without sudo", () => {
  test("a sudoers file gives no rights", async () => {
    const { rights, gaps } = await collectAccounts({
      "/etc/sudoers": "%wheel ALL=ALL\n",
      "/usr/bin/sudo": undefined,
    });
    expect(rights("alice")).toEqual([]);
    expect(gaps).toEqual([]);
  });
});
