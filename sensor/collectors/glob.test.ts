import { expect, test } from "bun:test";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { listMatching, matchesWildcards } from "./glob.ts";
import { openHostFiles } from "./host-files.ts";

test("matches wildcards in every part of a path", () => {
  using host = makeRoot(
    `-- /etc/a.d/1.conf
-- /etc/a.d/2.conf
-- /etc/a.d/.3.conf
-- /etc/a.d/x*y
-- /etc/a.d/{1,2}.conf
-- /etc/b.d/1.conf
-- /etc/b.d/-.conf
`,
  );
  const list = (pattern: string) => listMatching(openHostFiles(host.root), pattern);
  expect(list("/etc/*.d/1.conf")).toEqual(["/etc/a.d/1.conf", "/etc/b.d/1.conf"]);
  expect(list("/etc/a.d/[12].conf")).toEqual(["/etc/a.d/1.conf", "/etc/a.d/2.conf"]);
  expect(list("/etc/a.d/[!1].conf")).toEqual(["/etc/a.d/2.conf"]);
  expect(list("/etc/?.d/[0-1[:punct:]].conf")).toEqual([
    "/etc/a.d/1.conf",
    "/etc/b.d/-.conf",
    "/etc/b.d/1.conf",
  ]);
  expect(list("/etc/a.d/.*.conf")).toEqual(["/etc/a.d/.3.conf"]);
  expect(list("/etc/a.d/x\\*y")).toEqual(["/etc/a.d/x*y"]);
  expect(list("/etc/a.d/{1,2}.conf")).toEqual(["/etc/a.d/{1,2}.conf"]);
  expect(list("/etc/a.d/[1.conf")).toEqual([]);
  expect(list("/etc/a.d/1.conf")).toEqual(["/etc/a.d/1.conf"]);
  expect(list("/etc/**/1.conf")).toEqual(["/etc/a.d/1.conf", "/etc/b.d/1.conf"]);
  expect(list("/nowhere/*")).toEqual([]);
});

test("a file where a pattern expects folders is no gap", () => {
  using host = makeRoot("-- /etc/mysql/my.cnf\n-- /etc/mysql/conf.d/x.cnf\n");
  const files = openHostFiles(host.root);
  expect(listMatching(files, "/etc/mysql/*/*.cnf")).toEqual(["/etc/mysql/conf.d/x.cnf"]);
  expect(files.listGaps()).toEqual([]);
});

test("many stars take no time", () => {
  const pattern = "*a".repeat(5_000);
  expect(matchesWildcards(pattern, "a".repeat(4_999))).toBe(false);
  expect(matchesWildcards(pattern, "a".repeat(5_000))).toBe(true);
  expect(matchesWildcards("ssh-*", "ssh-rsa")).toBe(true);
  expect(matchesWildcards("[a]", "a")).toBe(false);
});
