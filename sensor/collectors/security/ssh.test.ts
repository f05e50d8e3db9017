import { describe, expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { readSshSettings } from "./ssh.ts";

const PROGRAM = "-- /usr/sbin/sshd\nELF\0OpenSSH_9.2p1 Debian-2\0OpenSSH_7.0*,OpenSSH_7.1*\0\n";

function collect(host: string) {
  using root = makeRoot(host);
  const files = openHostFiles(root.root);
  const settings = readSshSettings(files);
  return {
    gaps: files.listGaps().map(({ subject, reason }) => `${subject}: ${reason}`),
    settings,
    /** Value and source by key. */
    found: Object.fromEntries(
      settings.map(({ key, value, source }) => [key.slice("ssh/".length), [value, source]]),
    ),
  };
}
const config = (text: string, more = "") => collect(`${PROGRAM}-- /etc/ssh/sshd_config\n${text}${more}`);

describe("sshd_config", () => {
  test("the first value of a setting counts, and the values of lists are joined", () => {
    const { found } = config(
      "PermitRootLogin yes\nPort 22\nPERMITROOTLOGIN=no\nport 2222\nAllowUsers a b\nAllowUsers c\n",
    );
    expect(found["permit-root-login"]).toEqual(["yes", "/etc/ssh/sshd_config"]);
    expect(found.port).toEqual(["22 2222", "/etc/ssh/sshd_config"]);
    expect(found["allow-users"]?.[0]).toBe("a b c");
  });

  test("what no line sets is the default of the version, with it as the source", () => {
    const { found } = config("LoginGraceTime 1h30m\n");
    expect(found["permit-root-login"]).toEqual(["prohibit-password", "default of OpenSSH 9.2"]);
    expect(found["required-rsa-size"]).toEqual(["1024", "default of OpenSSH 9.2"]);
    expect(found["refuse-connection"]).toBeUndefined();
    expect(found["login-grace-time"]).toEqual(["5400", "/etc/ssh/sshd_config"]);
  });

  test("quotes, blanks, equals signs and comments are read as sshd does", () => {
    const { found, gaps } = config(
      `"MaxAuthTries" 3\nBanner 'a b'\nX11Forwarding = "yes" # comment\n AllowGroups "x y" z\\ w#\n"Port 1\n`,
    );
    expect(found["max-auth-tries"]?.[0]).toBe("3");
    expect(found.banner?.[0]).toBe("/a b");
    expect(found["x11-forwarding"]?.[0]).toBe("yes");
    expect(found["allow-groups"]?.[0]).toBe("x y z w#");
    expect(gaps).toEqual([]);
  });

  test("a line that sshd rejects is a gap without its text, and its setting has no wrong value", () => {
    const { found, gaps } = config(
      'PermitRootLogin secret\nSecretKeyword x\nPort\nBanner "x\nMaxSessions 5\n',
    );
    expect(gaps).toEqual([
      "/etc/ssh/sshd_config line 1: a value that PermitRootLogin does not accept",
      "/etc/ssh/sshd_config line 2: an unknown keyword",
      "/etc/ssh/sshd_config line 3: a keyword without an argument",
      "/etc/ssh/sshd_config line 4: a quote that is not closed",
    ]);
    expect(found["permit-root-login"]).toBeUndefined();
    expect(found["max-sessions"]?.[0]).toBe("5");
  });

  test("the arguments of commands and the values of variables stay on the host", () => {
    const { settings } = config(
      "ForceCommand /bin/run --token=secret\nAuthorizedKeysCommand /bin/keys secret\nSetEnv A=secret B=secret\nSubsystem sftp /bin/sftp secret\n",
    );
    expect(JSON.stringify(settings)).not.toContain("secret");
    const values = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
    expect(values.ForceCommand).toBe("/bin/run");
    expect(values.AuthorizedKeysCommand).toBe("/bin/keys");
    expect(values.SetEnv).toBe("A B");
    expect(values.Subsystem).toBe("sftp /bin/sftp");
  });

  test("methods are those that sshd has, and `any` is alone", () => {
    expect(
      config("AuthenticationMethods publickey,password publickey\n").found["authentication-methods"]?.[0],
    ).toBe("publickey,password publickey");
    expect(config("AuthenticationMethods magic\n").gaps).toHaveLength(1);
    expect(config("AuthenticationMethods any publickey\n").gaps).toHaveLength(1);
  });

  test("addresses get the ports", () => {
    const { found } = config(
      "ListenAddress 10.0.0.1\nPort 22\nListenAddress [::1]:99\nPort 2222\nListenAddress ::2\n",
    );
    expect(found["listen-address"]?.[0]).toBe("10.0.0.1:22 10.0.0.1:2222 [::1]:99 [::2]:22 [::2]:2222");
  });

  test("lists with a sign change the default of the version", () => {
    const { found } = config(
      "Ciphers -chacha20*,aes*-ctr\nMACs ^hmac-sha1\nPubkeyAcceptedKeyTypes +ssh-rsa\n",
    );
    expect(found.ciphers?.[0]).toBe("aes128-gcm@openssh.com,aes256-gcm@openssh.com");
    expect(found.macs?.[0]).toStartWith("hmac-sha1,umac-64-etm@openssh.com,");
    expect(found["pubkey-accepted-algorithms"]?.[0]).toEndWith(",rsa-sha2-256,ssh-rsa");
  });
});

describe("included files", () => {
  const part = (name: string, text: string) => `-- /etc/ssh/sshd_config.d/${name}\n${text}`;

  test("are read in place, by relative patterns in every part of the path", () => {
    const { found } = config(
      "Include sshd_config.d/*.conf /etc/*/sshd_config.[de]/last\nMaxSessions 1\n",
      part("b.conf", "MaxSessions 2\nMaxAuthTries 2\n") +
        part("a.conf", "MaxAuthTries 3\n") +
        part("last", "MaxStartups 4\n"),
    );
    expect(found["max-sessions"]).toEqual(["2", "/etc/ssh/sshd_config.d/b.conf"]);
    expect(found["max-auth-tries"]).toEqual(["3", "/etc/ssh/sshd_config.d/a.conf"]);
    expect(found["max-startups"]?.[0]).toBe("4:30:4");
  });

  test("that include their own folder end, and the rest is read", () => {
    const own = "Include /etc/ssh/sshd_config.d/*.conf\n";
    const parts = Array.from({ length: 8 }, (_, n) => part(`${n}.conf`, `${own}AllowUsers u${n}\n`)).join("");
    const { found, gaps } = config(`${own}MaxSessions 1\n`, parts);
    expect(found["max-sessions"]?.[0]).toBe("1");
    expect(gaps.join()).toContain("a file that includes itself");
  });

  test("that cannot be read leave open what no line before them sets", () => {
    const { found } = config(
      "MaxSessions 1\nInclude /etc/a\nMaxAuthTries 2\nMatch User x\nBanner /b\n",
      "-- /etc/a/\n",
    );
    expect(Object.keys(found)).toEqual(["max-sessions"]);
  });

  test("that are included over and over have a limit", () => {
    const long = `Include /etc/b /etc/b /etc/b\nAllowUsers ${"a".repeat(500_000)}\n`;
    const { gaps } = config(
      "Include /etc/a /etc/a /etc/a\n",
      `-- /etc/a\n${long}-- /etc/b\n${long.replaceAll("/b", "/c")}`,
    );
    expect(gaps.join()).toContain("more than 4000000 characters");
  });

  test("long lines and many lines take linear time", () => {
    const long = `AllowUsers ${"a".repeat(300_000)}\n#${"'\"\\ ".repeat(75_000)}\n`;
    const { found } = config(`${long}${"Match User x\nMaxSessions 1\n".repeat(8_000)}MaxAuthTries 5\n`);
    expect(found["match User x/max-auth-tries"]?.[0]).toBe("5");
  });
});

describe("Match blocks", () => {
  test("are separate settings with their criteria", () => {
    const { settings } = config(
      "X11Forwarding yes\nMatch User backup Address 10.0.0.0/8\nX11Forwarding no\nMatch group admins\nMaxAuthTries 1\n",
    );
    const blocks = settings.filter(({ condition }) => condition !== undefined);
    expect(blocks.map(({ key, name, value, condition }) => [key, name, value, condition])).toEqual([
      [
        "ssh/match User backup Address 10.0.0.0/8/x11-forwarding",
        "X11Forwarding",
        "no",
        "User backup Address 10.0.0.0/8",
      ],
      ["ssh/match Group admins/max-auth-tries", "MaxAuthTries", "1", "Group admins"],
    ]);
    expect(settings.find(({ key }) => key === "ssh/x11-forwarding")?.value).toBe("yes");
    expect(settings.find(({ key }) => key === "ssh/max-auth-tries")?.value).toBe("6");
  });

  test("with `all` override the rest, and later blocks", () => {
    const { found } = config(
      "MaxSessions 1\nMatch all\nMaxSessions 2\nMatch User x\nMaxSessions 3\nMaxAuthTries 4\n",
    );
    expect(found["max-sessions"]?.[0]).toBe("2");
    expect(found["match User x/max-sessions"]).toBeUndefined();
    expect(found["match User x/max-auth-tries"]?.[0]).toBe("4");
  });

  test("hold for the files that they include, and end with their own file", () => {
    const { found } = config(
      "Include /etc/a\nMaxSessions 1\nMatch User x\nInclude /etc/a\nMaxAuthTries 2\n",
      "-- /etc/a\nBanner /a\nMatch Group g\nMaxSessions 3\n",
    );
    expect(found.banner?.[0]).toBe("/a");
    expect(found["match User x/banner"]?.[0]).toBe("/a");
    expect(found["match Group g/max-sessions"]?.[0]).toBe("3");
    expect(found["match User x Group g/max-sessions"]?.[0]).toBe("3");
    expect(found["match User x/max-auth-tries"]?.[0]).toBe("2");
    expect(found["max-sessions"]?.[0]).toBe("1");
  });

  test("do not accept what is only for all connections", () => {
    expect(config("Match User x\nPort 1\nMatch Nothing\n").gaps).toEqual([
      "/etc/ssh/sshd_config line 2: Port in a Match block",
      "/etc/ssh/sshd_config line 3: criteria of a Match block that are not understood",
    ]);
  });
});

describe("the version", () => {
  const root = (program: string, more: string) =>
    collect(`-- /usr/sbin/sshd\n${program}\n-- /etc/ssh/sshd_config\n\n${more}`).found["permit-root-login"];

  test("comes from the program, else from the packages", () => {
    expect(root("\0OpenSSH_6.6.1*\0OpenSSH_10.0p2 Debian-7\0", "")).toEqual([
      "prohibit-password",
      "default of OpenSSH 10.0",
    ]);
    const dpkg =
      "-- /var/lib/dpkg/status\nPackage: openssh-client\nVersion: 1:1.0\n\nPackage: openssh-server\nVersion: 1:6.7p1-5\n\n";
    expect(root("", dpkg)).toEqual(["yes", "default of OpenSSH 6.7"]);
    expect(root("", "-- /lib/apk/db/installed\nP:openssh-server\nV:9.7_p1-r4\n")?.[1]).toBe(
      "default of OpenSSH 9.7",
    );
  });

  test("is not found in megabytes of a file that is no program", () => {
    expect(root("OpenSSH_9.2,aes192-ctr,".repeat(300_000), "")).toBeUndefined();
  });

  test("of Red Hat's releases before 8 allows root to sign in", () => {
    const el7 = "-- /etc/os-release\nID=centos\nVERSION_ID=7\n";
    expect(root("", el7)).toEqual(["yes", "default of OpenSSH 7.4"]);
    expect(root("\0OpenSSH_7.4p1\0", el7)).toEqual(["yes", "default of OpenSSH 7.4"]);
    expect(root("\0OpenSSH_7.4p1\0", "-- /etc/os-release\nID=debian\n")?.[0]).toBe("prohibit-password");
  });

  test("is not guessed: only what all versions have in common is reported", () => {
    const { found } = collect("-- /usr/sbin/sshd\n-- /etc/ssh/sshd_config\n");
    expect(found["permit-root-login"]).toBeUndefined();
    expect(found["permit-empty-passwords"]).toEqual(["no", "default of OpenSSH"]);
  });

  test("decides how lines are read", () => {
    const old = collect(
      "-- /usr/sbin/sshd\n\0OpenSSH_8.4p1\0\n-- /etc/ssh/sshd_config\nBanner 'x'\nRequiredRSASize 2048\n",
    );
    expect(old.found.banner?.[0]).toBe("/'x'");
    expect(old.gaps).toEqual(["/etc/ssh/sshd_config line 2: an unknown keyword"]);
  });
});

describe("where the configuration is", () => {
  test("the vendor's file counts if there is no other, and nothing is reported without any", () => {
    const vendor = "-- /usr/etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nMaxSessions 1\n";
    const own = "-- /etc/ssh/sshd_config.d/a.conf\nMaxSessions 2\n";
    expect(collect(PROGRAM + vendor + own).found["max-sessions"]?.[0]).toBe("2");
    expect(
      collect(`${PROGRAM}${vendor}-- /etc/ssh/sshd_config\nMaxSessions 3\n`).found["max-sessions"]?.[0],
    ).toBe("3");
    expect(collect(PROGRAM).settings).toEqual([]);
    expect(collect(vendor).settings).toEqual([]);
  });

  test("a link to the policy of Red Hat is followed", () => {
    const { found } = config(
      "Include /etc/crypto-policies/back-ends/opensshserver.config\n",
      "-- /etc/crypto-policies/back-ends/opensshserver.config -> /usr/share/crypto-policies/x.txt\n-- /usr/share/crypto-policies/x.txt\nCiphers aes256-ctr\n",
    );
    expect(found.ciphers).toEqual(["aes256-ctr", "/etc/crypto-policies/back-ends/opensshserver.config"]);
  });
});

describe("the start of sshd", () => {
  const unit = (text: string, path = "/usr/lib/systemd/system/ssh.service") =>
    `-- ${path}\n[Service]\n${text}\n`;

  test("options of the service come first, with the variables of its files", () => {
    const { found } = config(
      "Port 22\nMaxSessions 1\nBanner /x\n",
      `${unit("EnvironmentFile=-/etc/default/ssh\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS")}-- /etc/default/ssh\nSSHD_OPTS="-p 2222 -o MaxSessions=9 -4qoBanner=none"\n`,
    );
    expect(found.port).toEqual(["2222", "/etc/default/ssh"]);
    expect(found["max-sessions"]).toEqual(["9", "/etc/default/ssh"]);
    expect(found["address-family"]?.[0]).toBe("inet");
    expect(found["log-level"]?.[0]).toBe("QUIET");
    expect(found.banner?.[0]).toBe("none");
  });

  test("drop-ins of the service replace its command, and may name another file", () => {
    const { found } = config(
      "MaxSessions 1\n",
      `${unit("ExecStart=/usr/sbin/sshd -D")}${unit("ExecStart=\nExecStart=/usr/sbin/sshd -D -f /etc/other -o Port=99", "/etc/systemd/system/ssh.service.d/x.conf")}-- /etc/other\nMaxSessions 7\n`,
    );
    expect(found["max-sessions"]).toEqual(["7", "/etc/other"]);
    expect(found.port).toEqual(["99", "/usr/lib/systemd/system/ssh.service"]);
  });

  test("the policy of Red Hat 8 is a variable with options", () => {
    const { found } = config(
      "",
      `${unit("EnvironmentFile=-/etc/crypto-policies/back-ends/opensshserver.config\nEnvironmentFile=-/etc/sysconfig/sshd\nExecStart=/usr/sbin/sshd -D $OPTIONS $CRYPTO_POLICY", "/usr/lib/systemd/system/sshd.service")}-- /etc/crypto-policies/back-ends/opensshserver.config\nCRYPTO_POLICY='-oCiphers=aes256-ctr,aes128-ctr -oMACs=hmac-sha2-256'\n`,
    );
    expect(found.ciphers).toEqual([
      "aes256-ctr,aes128-ctr",
      "/etc/crypto-policies/back-ends/opensshserver.config",
    ]);
    expect(found.macs?.[0]).toBe("hmac-sha2-256");
  });

  test("without systemd, the variables of init scripts count", () => {
    expect(config("Port 22\n", '-- /etc/default/ssh\nSSHD_OPTS="-p 24"\n').found.port?.[0]).toBe("24");
    expect(config("Port 22\n", "-- /etc/sysconfig/sshd\nOPTIONS=-oPort=25\n").found.port?.[0]).toBe("25 22");
  });

  test("a socket unit that is enabled decides the addresses", () => {
    const socket = `-- /usr/lib/systemd/system/ssh.socket\n[Socket]\nListenStream=22\n`;
    const dropIn = `-- /etc/systemd/system/ssh.socket.d/port.conf\n[Socket]\nListenStream=\nListenStream=2222\nListenStream=10.0.0.1:23\n`;
    const link =
      "-- /etc/systemd/system/sockets.target.wants/ssh.socket -> /usr/lib/systemd/system/ssh.socket\n";
    expect(config("Port 1\n", socket + dropIn).found.port?.[0]).toBe("1");
    const { found } = config("Port 1\nListenAddress ::1\n", socket + dropIn + link);
    expect(found.port).toEqual(["2222 23", "/usr/lib/systemd/system/ssh.socket"]);
    expect(found["listen-address"]?.[0]).toBe("10.0.0.1:23");
  });
});
