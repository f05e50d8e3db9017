import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { parseAptConfig } from "./apt-config.ts";
import { parseLoginDefs } from "./login-defs.ts";
import { collectSecurity } from "./security.ts";
import { kebabCase } from "./setting.ts";
import { parseIniSection } from "./updates.ts";

test("parses scopes, comments and quotes in apt's configuration", () => {
  expect(
    parseAptConfig(
      '// c\nA::B "1"; # d\nX { Y { Z "2;"; }; /* "e" */ };\nList { "a"; "b"; };\nbroken "\n}}}{;',
    ),
  ).toEqual([
    { name: "a::b", value: "1" },
    { name: "x::y::z", value: "2;" },
  ]);
});

test("parses login.defs and the sections of dnf's configuration", () => {
  expect(parseLoginDefs("#A 1\nPASS_MAX_DAYS\t 365 \nUMASK 022\nUMASK 027\nBARE\n")).toEqual(
    new Map([
      ["PASS_MAX_DAYS", "365"],
      ["UMASK", "027"],
    ]),
  );
  expect(parseIniSection("[a]\nx=1\n[commands]\nx = 2\n#y=3\n", "commands")).toEqual(new Map([["x", "2"]]));
});

test("keys are setting names in kebab case", () => {
  expect(
    ["PermitRootLogin", "X11Forwarding", "UsePAM", "MACs", "GSSAPIAuthentication", "TrustedUserCAKeys"].map(
      kebabCase,
    ),
  ).toEqual([
    "permit-root-login",
    "x11-forwarding",
    "use-pam",
    "macs",
    "gssapi-authentication",
    "trusted-user-ca-keys",
  ]);
});

test("an area that cannot be read is a gap, and the others are collected", () => {
  using host = makeRoot("-- /usr/sbin/sshd\n-- /etc/ssh/sshd_config/\n-- /etc/login.defs\nUMASK 077\n");
  const files = openHostFiles(host.root);
  const items = collectSecurity(files);
  expect(items.filter(({ area }) => area === "ssh")).toEqual([]);
  expect(files.listGaps().map(({ subject }) => subject)).toContain("/etc/ssh/sshd_config");
  expect(items.find(({ key }) => key === "login/UMASK")?.value).toBe("077");
});
