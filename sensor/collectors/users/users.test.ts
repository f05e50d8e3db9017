import { expect, test } from "bun:test";
import { parseGroup, parsePasswd, parseShadow, passwordState } from "./passwd.ts";

test("parses account files and omits invalid entries", () => {
  expect([
    ...parsePasswd(
      "root:x:0:0:root:/root:/bin/sh\n#c:x:1:1:::\n+nis::::::\nx:x:-1:0:::\nx:x:1\ny:x:4294967296:0:::\n",
    ),
  ]).toEqual([
    { name: "root", password: "x", uid: 0, gid: 0, gecos: "root", home: "/root", shell: "/bin/sh" },
  ]);
  expect([...parseGroup("sudo:x:27:a, b,,c\n:x:1:\nz:x:\n")]).toEqual([
    { name: "sudo", gid: 27, members: ["a", "b", "c"] },
  ]);
  expect([...parseShadow("a:!:1::::::\n\u0000\n")]).toEqual([
    { name: "a", password: "!", days: ["1", "", "", "", "", "", ""] },
    { name: "\u0000", password: "", days: [] },
  ]);
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
