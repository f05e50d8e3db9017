import { describe, expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { parseAptConfig } from "./apt-config.ts";
import { parseLoginDefs } from "./login.ts";
import { collectSecurity } from "./security.ts";
import { kebabCase } from "./setting.ts";
import { sshSettings } from "./ssh.ts";
import { parseSshdConfig, timeInSeconds } from "./sshd-config.ts";
import { parseIniSection } from "./updates.ts";

const ssh = (text: string, included: Record<string, string> = {}) => {
  const lines = parseSshdConfig(text, "main", (pattern) =>
    included[pattern] === undefined ? [] : [{ path: pattern, text: included[pattern] }],
  );
  return Object.fromEntries(sshSettings(lines).map(({ name, value, source }) => [name, [value, source]]));
};

describe("sshd", () => {
  test("takes the first value of a setting, in the order that includes give", () => {
    const found = ssh("PermitRootLogin yes\nInclude a\nPasswordAuthentication yes\nPERMITROOTLOGIN no\n", {
      a: "passwordauthentication = no\n",
    });
    expect(found.PermitRootLogin).toEqual(["yes", "main"]);
    expect(found.PasswordAuthentication).toEqual(["no", "a"]);
    expect(found.PubkeyAuthentication).toEqual(["yes", undefined]);
  });

  test("leaves out what holds for some connections only, also past the end of an included file", () => {
    const found = ssh(
      "Include a\nX11Forwarding yes\nMatch User x\nMaxAuthTries 1\nMatch all\nGatewayPorts yes\n",
      {
        a: "Match Group y\nX11Forwarding no\n",
      },
    );
    expect(found.X11Forwarding).toEqual(["yes", "main"]);
    expect(found.MaxAuthTries).toEqual(["6", undefined]);
    expect(found.GatewayPorts).toEqual(["yes", "main"]);
  });

  test("adds up lists, counts times in seconds and knows older words", () => {
    const found = ssh(
      'Port 22\nPort 2222 # other\nAllowUsers a "b c"\nLoginGraceTime 1m30\nPermitRootLogin without-password\nChallengeResponseAuthentication NO\n',
    );
    expect(found.Port).toEqual(["22 2222", "main"]);
    expect(found.AllowUsers).toEqual(["a b c", "main"]);
    expect(found.LoginGraceTime).toEqual(["90", "main"]);
    expect(found.PermitRootLogin).toEqual(["prohibit-password", "main"]);
    expect(found.KbdInteractiveAuthentication).toEqual(["no", "main"]);
    expect(timeInSeconds("soon")).toBe("soon");
  });

  test("ends when files include each other", () => {
    expect(ssh("Include a\n", { a: "Include a\nPort 1\n" }).Port?.[0]).toStartWith("1 1");
  });
});

test("apt's configuration is read with scopes, comments and quotes", () => {
  expect(
    parseAptConfig(
      '// c\nA::B "1"; # d\nX { Y { Z "2;"; }; /* "e" */ };\nList { "a"; "b"; };\nbroken "\n}}}{;',
    ),
  ).toEqual([
    { name: "a::b", value: "1" },
    { name: "x::y::z", value: "2;" },
  ]);
});

test("login.defs and dnf's sections are read line by line", () => {
  expect(parseLoginDefs("#A 1\nPASS_MAX_DAYS\t 365 \nUMASK 022\nUMASK 027\nBARE\n")).toEqual(
    new Map([
      ["PASS_MAX_DAYS", "365"],
      ["UMASK", "027"],
    ]),
  );
  expect(parseIniSection("[a]\nx=1\n[commands]\nx = 2\n#y=3\n", "commands")).toEqual(new Map([["x", "2"]]));
});

test("keys are names in kebab case", () => {
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

test("an area that may not be read is said to be so, and costs no other", () => {
  using host = makeRoot("-- /usr/sbin/sshd\n-- /etc/ssh/sshd_config/\n-- /etc/login.defs\nUMASK 077\n");
  const items = collectSecurity(openHostFiles(host.root));
  expect(items.find(({ area }) => area === "ssh")).toMatchObject({
    key: "ssh/unreadable",
    value: "Cannot read /etc/ssh/sshd_config: not a regular file",
  });
  expect(items.find(({ key }) => key === "login/UMASK")?.value).toBe("077");
});
