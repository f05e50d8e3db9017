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
  test("uses the first value of a setting, with includes read in place", () => {
    const found = ssh("PermitRootLogin yes\nInclude a\nPasswordAuthentication yes\nPERMITROOTLOGIN no\n", {
      a: "passwordauthentication = no\n",
    });
    expect(found.PermitRootLogin).toEqual(["yes", "main"]);
    expect(found.PasswordAuthentication).toEqual(["no", "a"]);
    expect(found.PubkeyAuthentication).toEqual(["yes", undefined]);
  });

  test("ignores settings in Match blocks; a Match in an included file ends with that file", () => {
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

  test("joins lists, converts times to seconds and accepts older keywords", () => {
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

  test("stops at files that include each other", () => {
    expect(ssh("Include a\n", { a: "Include a\nPort 1\n" }).Port?.[0]).toStartWith("1 1");
  });
});

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

test("reports an unreadable area, and collects the others", () => {
  using host = makeRoot("-- /usr/sbin/sshd\n-- /etc/ssh/sshd_config/\n-- /etc/login.defs\nUMASK 077\n");
  const items = collectSecurity(openHostFiles(host.root));
  expect(items.find(({ area }) => area === "ssh")).toMatchObject({
    key: "ssh/unreadable",
    value: "Cannot read /etc/ssh/sshd_config: it is a folder",
  });
  expect(items.find(({ key }) => key === "login/UMASK")?.value).toBe("077");
});
