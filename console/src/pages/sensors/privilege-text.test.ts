import { expect, test } from "bun:test";
import { accessText } from "./privilege-text.ts";

test("a privilege names its rule, the commands, the targets and the password", () => {
  const right = { runAs: ["root"], commands: ["ALL"], password: "none" } as const;
  const texts = [
    { ...right, source: "uid" as const },
    { ...right, source: "group" as const, group: "docker" },
    { ...right, source: "group" as const },
    { ...right, source: "doas" as const },
    {
      source: "sudo" as const,
      group: "wheel",
      runAs: ["ALL", "!root"],
      runAsGroups: ["ALL"],
      commands: ["ALL", "!/usr/bin/su"],
      moreCommands: 3,
      password: "target" as const,
    },
  ].map((privilege) => {
    const { runAs, commands } = privilege;
    const privileges = [{ ...privilege, runAs: [...runAs], commands: [...commands] }];
    return accessText({ key: "group:a", kind: "group", name: "a", gid: 1, members: [], privileges });
  });
  expect(texts).toEqual([
    "Has the ID of root",
    "Member of docker",
    "Equivalent to root",
    "doas: ALL as root, no password",
    "sudo by wheel: ALL, !/usr/bin/su, 3 more as ALL, !root : ALL, password of the target",
  ]);
});

test("an account also shows its root access", () => {
  const account = {
    ...{
      key: "user:a",
      kind: "user" as const,
      name: "a",
      uid: 1,
      gid: 1,
      home: "/",
      shell: "/bin/sh",
      groups: [],
    },
    ...{ canLogIn: true, password: "set" as const },
  };
  expect(accessText({ ...account, rootAccess: "none", privileges: [] })).toBe("");
  expect(accessText({ ...account, rootAccess: "unknown", privileges: [] })).toBe("Root access unknown");
  const doas = { source: "doas" as const, runAs: ["root"], commands: ["/bin/a"], password: "own" as const };
  expect(accessText({ ...account, rootAccess: "some-commands", privileges: [doas] })).toBe(
    "Some commands as root; doas: /bin/a as root, own password",
  );
});
