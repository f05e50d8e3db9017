import { describe, expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { readLoginSettings } from "./login.ts";
import { parsePamLines } from "./pam/lines.ts";

function collect(host: string) {
  using root = makeRoot(host);
  const files = openHostFiles(root.root);
  const settings = readLoginSettings(files);
  return {
    gaps: files.listGaps().map(({ subject, reason }) => `${subject}: ${reason}`),
    /** Value and source by name. */
    found: Object.fromEntries(settings.map(({ name, value, source }) => [name, [value, source]])),
  };
}
const pam = (name: string, text: string) => `-- /etc/pam.d/${name}\n${text}\n`;

describe("login.defs", () => {
  test("has the vendor's files, with those of the administrator last", () => {
    const vendor =
      '-- /usr/etc/login.defs\nUMASK 022 # octal\nENCRYPT_METHOD "YESCRYPT"\nPASS_MAX_DAYS\t99999\n';
    const own = "-- /etc/login.defs.d/70.defs\nPASS_MAX_DAYS 90\n";
    const { found } = collect(vendor + own);
    expect(found.UMASK).toEqual(["022", "/usr/etc/login.defs"]);
    expect(found.ENCRYPT_METHOD?.[0]).toBe("YESCRYPT");
    expect(found.PASS_MAX_DAYS).toEqual(["90", "/etc/login.defs.d/70.defs"]);
    expect(collect(`${vendor}-- /etc/login.defs\nUMASK 077\n`).found).toEqual({
      UMASK: ["077", "/etc/login.defs"],
    });
    expect(collect(`${vendor}-- /etc/login.defs -> /dev/null\n`).found).toEqual({});
    expect(collect(`${vendor}${own}-- /etc/os-release\nID=ubuntu\nID_LIKE=debian\n`).found).toEqual({});
  });
});

test("lines of PAM continue, have comments, dashes and controls in brackets", () => {
  const lines = parsePamLines(
    `# auth required pam_no.so \\
auth [success=2 default=ignore] \\
  # between
  pam_unix.so \\
  nullok try_first_pass # end \\
-session optional pam_systemd.so
password [default=die] /lib/security/pam_x.so [name=a b\\]c]
@include common-auth
auth
`,
  );
  expect(lines.map(({ type, control, module, options }) => [type, control, module, options])).toEqual([
    ["auth", "success=2 default=ignore", "pam_unix.so", ["nullok", "try_first_pass"]],
    ["session", "optional", "pam_systemd.so", []],
    ["password", "default=die", "/lib/security/pam_x.so", ["name=a b]c"]],
    ["", "@include", "common-auth", []],
  ]);
});

describe("PAM", () => {
  test("services have what they include, of the same type", () => {
    const { found } = collect(
      pam("passwd", "password include system-auth") +
        pam("login", "auth substack system-auth\naccount required pam_tally2.so") +
        pam(
          "system-auth",
          "auth required pam_faillock.so preauth deny=4\nauth sufficient pam_unix.so nullok\npassword requisite pam_pwquality.so retry=3\npassword sufficient pam_unix.so sha512 shadow rounds=5000",
        ),
    );
    expect(found.pam_faillock).toEqual(["in use deny=4", "/etc/pam.d/system-auth"]);
    expect(found["faillock deny"]).toEqual(["4", "/etc/pam.d/system-auth"]);
    expect(found.pam_pwquality).toEqual(["in use retry=3", "/etc/pam.d/system-auth"]);
    expect(found.pam_tally2?.[0]).toBe("in use");
    expect(found.pam_cracklib).toEqual(["not in use", undefined]);
    expect(found["pam_unix nullok"]?.[0]).toBe("yes");
    expect(found["pam_unix hash"]).toEqual(["sha512", "/etc/pam.d/system-auth"]);
    expect(found["pam_unix rounds"]?.[0]).toBe("5000");
  });

  test("`@include` takes lines of all types, and the vendor's services count where there is no other", () => {
    const { found } = collect(
      pam("passwd", "@include common-password") +
        pam("sshd", "@include common-auth") +
        "-- /usr/lib/pam.d/common-password\npassword [success=1] pam_unix.so obscure yescrypt remember=5\n" +
        "-- /usr/etc/pam.d/common-auth\nauth [success=1 default=ignore] pam_unix.so nullok_secure\n",
    );
    expect(found["pam_unix hash"]).toEqual(["yescrypt", "/usr/lib/pam.d/common-password"]);
    expect(found["pam_unix remember"]?.[0]).toBe("5");
    expect(found["pam_unix nullok"]).toEqual(["on secure terminals", "/usr/etc/pam.d/common-auth"]);
  });

  test("what a missing include may decide is not reported", () => {
    const { found, gaps } = collect(pam("login", "auth include missing\nauth required pam_unix.so"));
    expect(found.pam_faillock).toBeUndefined();
    expect(found["pam_unix nullok"]).toBeUndefined();
    expect(gaps).toEqual(["/etc/pam.d/login: it includes a service that is not there"]);
    expect(collect(pam("login", "auth required pam_unix.so")).found["pam_unix nullok"]?.[0]).toBe("no");
  });

  test("what a service that cannot be read may decide is not reported", () => {
    const { found } = collect(`${pam("sshd", "auth required pam_unix.so")}-- /etc/pam.d/login/\n`);
    expect(found.pam_faillock).toBeUndefined();
    expect(found["pam_unix nullok"]).toBeUndefined();
  });

  test("services that include each other end", () => {
    const names = Array.from({ length: 10 }, (_, n) => `s${n}`);
    const all = names.map((name) => `auth include ${name}`).join("\n");
    const { found, gaps } = collect(
      pam("login", all) + names.map((name) => pam(name, `auth required pam_faillock.so\n${all}`)).join(""),
    );
    expect(found.pam_faillock?.[0]).toBe("in use");
    expect(gaps.join()).toContain("services that include each other");
  });

  test("the files that services share count on a host without these services", () => {
    expect(
      collect(pam("common-auth", "auth required pam_unix.so nullok")).found["pam_unix nullok"]?.[0],
    ).toBe("yes");
  });

  test("/etc/pam.conf counts without a folder of services", () => {
    const conf =
      "-- /etc/pam.conf\nlogin auth required pam_unix.so nullok\nother auth required pam_faillock.so deny=2\n";
    expect(collect(conf).found["pam_unix nullok"]?.[0]).toBe("yes");
    expect(collect(conf).found["faillock deny"]?.[0]).toBe("2");
    expect(collect(conf + pam("cron", "auth required pam_env.so")).found["pam_unix nullok"]).toBeUndefined();
  });

  test("login.defs decides the hash where pam_unix has no option for it", () => {
    const password = pam("passwd", "password required pam_unix.so shadow");
    expect(collect(`${password}-- /etc/login.defs\nENCRYPT_METHOD SHA512\n`).found["pam_unix hash"]).toEqual([
      "sha512",
      "/etc/login.defs",
    ]);
    const both = pam("passwd", "password required pam_unix.so md5 Yescrypt");
    expect(collect(`${both}-- /etc/login.defs\nENCRYPT_METHOD SHA512\n`).found["pam_unix hash"]?.[0]).toBe(
      "yescrypt",
    );
    expect(collect(password).found["pam_unix hash"]).toBeUndefined();
  });

  test("options that are not known stay on the host", () => {
    const { found } = collect(
      pam(
        "passwd",
        "password required pam_pwquality.so retry=3 key=secret\npassword required pam_unix.so secret",
      ),
    );
    expect(JSON.stringify(found)).not.toContain("secret");
  });
});

describe("the files of modules", () => {
  const quality = "-- /etc/security/pwquality.conf\n";

  test("libpwquality reads drop-ins before the main file, and options override both", () => {
    const { found } = collect(
      `${quality}minlen = 12\n-- /etc/security/pwquality.conf.d/50.conf\nminlen=20\nMINCLASS 3\ndcredit = -1 # digits\nenforce_for_root\n${pam("passwd", "password requisite pam_pwquality.so dcredit=-2")}`,
    );
    expect(found["pwquality minlen"]).toEqual(["12", "/etc/security/pwquality.conf"]);
    expect(found["pwquality minclass"]).toEqual(["3", "/etc/security/pwquality.conf.d/50.conf"]);
    expect(found["pwquality dcredit"]).toEqual(["-2", "/etc/pam.d/passwd"]);
    expect(found["pwquality enforce_for_root"]?.[0]).toBe("yes");
  });

  test("libpwquality reads no further at a line that it does not accept, and has limits", () => {
    const { found, gaps } = collect(`${quality}minlen = 3\nminclass = 9\nbogus = 1\ndcredit = -1\n`);
    expect(found["pwquality minlen"]?.[0]).toBe("6");
    expect(found["pwquality minclass"]?.[0]).toBe("4");
    expect(found["pwquality dcredit"]).toBeUndefined();
    expect(gaps).toEqual(["/etc/security/pwquality.conf: a line that libpwquality does not accept"]);
    expect(collect(`${quality}minlen == 9\n`).gaps).toHaveLength(1);
  });

  test("the vendor's pwquality.conf counts if there is no other", () => {
    expect(collect("-- /usr/lib/security/pwquality.conf\nminlen = 9\n").found["pwquality minlen"]).toEqual([
      "9",
      "/usr/lib/security/pwquality.conf",
    ]);
  });

  test("faillock.conf, pwhistory.conf and a file that `conf=` names", () => {
    const { found } = collect(
      `-- /etc/security/faillock.conf\ndeny = 3\nunlock_time=600\neven_deny_root\nadmin_group = x\n-- /etc/pw\nremember = 7\n${pam("passwd", "password required pam_pwhistory.so conf=/etc/pw use_authtok")}${pam("login", "auth required pam_faillock.so preauth\nauth [default=die] pam_faillock.so authfail deny=5")}`,
    );
    expect(found["faillock deny"]).toEqual(["5", "/etc/pam.d/login"]);
    expect(found["faillock unlock_time"]).toEqual(["600", "/etc/security/faillock.conf"]);
    expect(found["faillock even_deny_root"]?.[0]).toBe("yes");
    expect(found["pwhistory remember"]).toEqual(["7", "/etc/pw"]);
  });
});
