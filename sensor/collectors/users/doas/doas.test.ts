import { expect, test } from "bun:test";
import { collectAccounts } from "../../../testing/test-accounts.ts";

const DOAS = { "/usr/bin/sudo": undefined, "/usr/bin/doas": "" };

async function rights(conf: string, name = "alice") {
  const host = await collectAccounts({ ...DOAS, "/etc/doas.conf": `${conf}\n` });
  return host.rights(name);
}

test.each([
  ["permit alice", ["doas: ALL as ALL, own"]],
  ["permit persist :wheel", ["doas wheel: ALL as ALL, own"]],
  [
    "permit nopass keepenv setenv { PATH=/bin -HOME } alice as root cmd /sbin/reboot",
    ["doas: /sbin/reboot as root, none"],
  ],
  ["permit alice as www", ["doas: ALL as www, own"]],
  ["permit alice cmd a args", ["doas: a (without arguments) as ALL, own"]],
  ['permit "alice" cmd b args -p hunter2', ["doas: b (with certain arguments) as ALL, own"]],
  ["permit alice # for now\ndeny alice", []],
  ["deny alice\npermit alice", ["doas: ALL as ALL, own"]],
  ["permit alice\ndeny alice as root", ["doas: ALL as ALL !root, own"]],
  ["permit alice\ndeny :wheel cmd /bin/su", ["doas: ALL, !/bin/su as ALL, own"]],
  ["permit nopass alice as root\npermit alice", ["doas: ALL as ALL, own"]],
  ["permit \\\n  alice", ["doas: ALL as ALL, own"]],
  ["permit al\\ice", ["doas: ALL as ALL, own"]],
  ["permit 1000", ["doas: ALL as ALL, own"]],
  ["permit :10", ["doas wheel: ALL as ALL, own"]],
  ["permit Alice", []],
  ["permit bob", []],
  // doas refuses everything if one line is invalid.
  ["permit alice\nnonsense", []],
  ["permit alice\npermit nopass persist bob", []],
  ['permit alice\npermit "bob', []],
  ["permit alice\npermit bob as", []],
  ["permit alice\npermit", []],
  ["permit alice\npermit bob { }", []],
])("%s", async (conf, expected) => {
  expect(await rights(conf)).toEqual(expected);
});

test("a broken file is a gap, and without doas a file gives no rights", async () => {
  const broken = await collectAccounts({ ...DOAS, "/etc/doas.conf": "permit alice\npermit\n" });
  expect(broken.gaps).toEqual([
    {
      kind: "not-understood",
      subject: "/etc/doas.conf",
      reason: "doas refuses to run: syntax error in line 2",
    },
  ]);
  const without = await collectAccounts({
    ...DOAS,
    "/usr/bin/doas": undefined,
    "/etc/doas.conf": "permit alice\n",
  });
  expect(without.rights("alice")).toEqual([]);
  expect(without.gaps).toEqual([]);
});

test("only Alpine reads doas.d", async () => {
  const files = { ...DOAS, "/etc/doas.d/wheel.conf": "permit :wheel\n", "/etc/doas.d/x": "permit alice\n" };
  expect((await collectAccounts(files)).rights("alice")).toEqual([]);
  const alpine = await collectAccounts({ ...files, "/etc/os-release": "ID=alpine\n" });
  expect(alpine.rights("alice")).toEqual(["doas wheel: ALL as ALL, own"]);
});
