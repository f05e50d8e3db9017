// The oracles are `chage -l` and `ssh-keygen -lf`.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import fc from "fast-check";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { agesOf, hasExpired } from "./account-ages.ts";
import { parseAuthorizedKeys } from "./authorized-keys.ts";
import { collectUsers } from "./users.ts";

const DAY_MS = 86_400_000;
const TODAY = 20_000;

test.each([
  ["a:x:19000:0:99999:7:::", false, "an account without an end"],
  ["a:x:19000:0:99999:7::20001:", false, "an account that ends tomorrow"],
  ["a:x:19000:0:99999:7::20000:", true, "an account that ended today"],
  ["a:x:19000:0:99999:7::0:", true, "an account that ended in 1970"],
  ["a:x:19000:0:90:7:::", false, "an old password, which can be changed at sign-in"],
  ["a:x:19000:0:90:7:30::", true, "an old password, which cannot be changed any more"],
  ["a:x:19990:0:90:7:30::", false, "a new password"],
  ["a:x::::::", false, "an empty line"],
  ["a:x", false, "a short line"],
])("%s: %p for %s", (line, expected) => {
  expect(hasExpired(agesOf(line.split(":").slice(2)), TODAY * DAY_MS)).toBe(expected);
});

const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJVNrkA5TZ4GMpHMRD6DHpXu7uRzEzVmHNgRGpOTVxHu";

test("reads keys with options, and leaves out comments and values", () => {
  const text = [
    "# a comment",
    `${ED25519} ada@example.org`,
    `from="10.0.0.0/8,*.example.org",command="/bin/x --token \\"hunter2\\", y",no-pty ${ED25519} b`,
    `environment="PASSWORD=hunter2",unknown-option="hunter2" ${ED25519}`,
    `ssh-rsa ${ED25519.split(" ")[1]}`,
    "ssh-ed25519 not-base64!",
    "ssh-ed25519",
    "",
  ].join("\n");
  const found = parseAuthorizedKeys(text, "/k");
  expect(JSON.stringify(found)).not.toContain("hunter2");
  expect(JSON.stringify(found)).not.toContain("example.org");
  expect(found.map(({ type, bits, options }) => [type, bits, options])).toEqual([
    ["ssh-ed25519", 256, []],
    ["ssh-ed25519", 256, ["from", "command", "no-pty"]],
    ["ssh-ed25519", 256, ["environment"]],
  ]);
});

test("any text gives keys that are well-formed, or none", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (noise) => {
      for (const { fingerprint } of parseAuthorizedKeys(`${noise} ${ED25519}`, "/k"))
        expect(fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    }),
  );
});

const keygen = Bun.which("ssh-keygen");

test.skipIf(!keygen)(
  `fingerprints and sizes match ssh-keygen${keygen ? "" : " (skipped: no ssh-keygen)"}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "attacklens-keys-"));
    try {
      for (const [type, bits] of [
        ["ed25519", "256"],
        ["ecdsa", "384"],
        ["ecdsa", "521"],
        ["rsa", "2048"],
      ] as const) {
        const path = join(folder, `${type}${bits}`);
        Bun.spawnSync(["ssh-keygen", "-q", "-t", type, "-b", bits, "-N", "", "-f", path]);
        const [size, fingerprint] = Bun.spawnSync(["ssh-keygen", "-lf", `${path}.pub`])
          .stdout.toString()
          .split(" ");
        const [found] = parseAuthorizedKeys(readFileSync(`${path}.pub`, "utf8"), path);
        expect([String(found?.bits), found?.fingerprint]).toEqual([size, fingerprint]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

type Account = Extract<Item<"users">, { kind: "user" }>;
const accountsIn = (root: string) =>
  new Map(
    [...collectUsers(openHostFiles(root))].flatMap((one) =>
      one.kind === "user" ? [[one.name, one as Account]] : [],
    ),
  );

test("finds the newest sign-in in lastlog and wtmp, also after the year 2038", () => {
  using host = makeRoot(
    [
      ...["-- /etc/passwd", "root:x:0:0::/root:/bin/sh", "ada:x:1000:1000::/home/ada:/bin/sh"],
      ...[
        "eve:x:4000000000:1::/:/bin/sh",
        "-- /etc/group",
        "root:x:0:",
        "-- /proc/cpuinfo",
        "model name: x",
        "",
      ],
    ].join("\n"),
  );
  const write = (path: string, content: Buffer) => {
    mkdirSync(dirname(join(host.root, path)), { recursive: true });
    writeFileSync(join(host.root, path), content);
  };
  const lastlog = Buffer.alloc(1001 * 292);
  lastlog.writeUInt32LE(2_200_000_000, 1000 * 292);
  lastlog.write("pts/0", 1000 * 292 + 4);
  lastlog.write("192.0.2.9", 1000 * 292 + 36);
  lastlog.writeUInt32LE(1_600_000_000, 0);
  lastlog.write("tty1", 4);
  write("var/log/lastlog", lastlog);
  truncateSync(join(host.root, "var/log/lastlog"), 4_000_000_001 * 292);
  const wtmp = Buffer.alloc(2 * 384);
  wtmp.writeInt16LE(7, 0);
  wtmp.write("tty2", 8);
  wtmp.write("root", 44);
  wtmp.writeUInt32LE(1_700_000_000, 340);
  wtmp.writeInt16LE(8, 384);
  wtmp.write("root", 384 + 44);
  wtmp.writeUInt32LE(1_800_000_000, 384 + 340);
  write("var/log/wtmp", Buffer.concat([wtmp, Buffer.alloc(100)]));
  const accounts = accountsIn(host.root);
  expect(accounts.get("root")).toMatchObject({ lastLoginAt: "2023-11-14T22:13:20Z", lastLoginFrom: "tty2" });
  expect(accounts.get("ada")).toMatchObject({
    lastLoginAt: "2039-09-18T23:06:40Z",
    lastLoginFrom: "192.0.2.9",
  });
  expect(accounts.get("eve")?.lastLoginAt).toBeUndefined();
});

test("finds sign-ins in lastlog2 and wtmpdb, also those in the log of a database that is open", () => {
  using host = makeRoot("-- /etc/passwd\nada:x:1:1::/:/bin/sh\nbob:x:2:2::/:/bin/sh\neve:x:3:3::/:/bin/sh\n");
  for (const folder of ["lastlog", "wtmpdb"])
    mkdirSync(join(host.root, "var/lib", folder), { recursive: true });
  // The tables of util-linux 2.41 and wtmpdb 0.73.
  using last = new Database(join(host.root, "var/lib/lastlog/lastlog2.db"));
  last.run(
    "CREATE TABLE Lastlog2(Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT) STRICT",
  );
  last.run(
    "INSERT INTO Lastlog2 VALUES ('ada', 1700000000, 'pts/0', '192.0.2.9', 'sshd'), ('bob', 0, '', '', '')",
  );
  using wtmp = new Database(join(host.root, "var/lib/wtmpdb/wtmp.db"));
  wtmp.run("PRAGMA journal_mode = WAL");
  wtmp.run(
    "CREATE TABLE wtmp(ID INTEGER PRIMARY KEY, Type INTEGER, User TEXT NOT NULL, Login INTEGER, Logout INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT) STRICT",
  );
  const insert = wtmp.prepare("INSERT INTO wtmp (Type, User, Login, TTY) VALUES (?, ?, ?, ?)");
  insert.run(1, "reboot", 1_900_000_000_000_000, "~");
  insert.run(3, "bob", 1_650_000_000_000_000, "tty1");
  insert.run(3, "bob", 1_600_000_000_000_000, "tty2");
  insert.run(3, "ada", 1_600_000_000_000_000, "tty3");
  const accounts = accountsIn(host.root);
  expect(accounts.get("ada")).toMatchObject({
    lastLoginAt: "2023-11-14T22:13:20Z",
    lastLoginFrom: "192.0.2.9",
  });
  expect(accounts.get("bob")).toMatchObject({ lastLoginAt: "2022-04-15T05:20:00Z", lastLoginFrom: "tty1" });
  expect(accounts.get("eve")?.lastLoginAt).toBeUndefined();
});

test("a database of sign-ins that is damaged is a gap, and the accounts are reported", () => {
  using host = makeRoot(
    "-- /etc/passwd\nada:x:1:1::/:/bin/sh\n-- /var/lib/lastlog/lastlog2.db\nno database\n-- /var/log/wtmp.db/\n",
  );
  const files = openHostFiles(host.root);
  expect([...collectUsers(files)]).toHaveLength(1);
  expect(files.listGaps().map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(["/var/lib/lastlog/lastlog2.db", "/var/log/wtmp.db"]),
  );
});

test("an expired account cannot log in, and its keys are looked for where sshd does", () => {
  using host = makeRoot(
    [
      ...[
        "-- /etc/passwd",
        "alice:x:1000:1000::/home/alice:/bin/bash",
        "bob:x:1001:1001::/home/bob:/bin/bash",
      ],
      ...["nfs:x:1002:1002::/net/nfs:/bin/bash", "-- /etc/group", "root:x:0:"],
      ...[
        "-- /etc/shadow",
        "alice:$6$x:19000:0:99999:7::1:",
        "bob:$6$x:19000:0:90:7:::",
        "nfs:*:0:0:99999:7:::",
      ],
      ...["-- /usr/sbin/sshd", "", "-- /etc/ssh/sshd_config", "AuthorizedKeysFile /etc/keys/%u .ssh/a%%b"],
      ...["-- /etc/keys/alice", ED25519, "-- /home/bob/.ssh/a%b", ED25519, "-- /net/nfs/.ssh/a%b", ED25519],
      ...["-- /proc/1/mountinfo", "30 1 0:40 / /net rw - autofs systemd-1 rw", ""],
    ].join("\n"),
  );
  const files = openHostFiles(host.root);
  const accounts = new Map(
    [...collectUsers(files)].flatMap((one) => (one.kind === "user" ? [[one.name, one]] : [])),
  );
  expect(accounts.get("alice")).toMatchObject({
    canLogIn: false,
    expiresOn: "1970-01-02",
    passwordChangedOn: "2022-01-08",
    authorizedKeys: [{ source: "/etc/keys/alice" }],
  });
  expect(accounts.get("bob")).toMatchObject({
    canLogIn: true,
    passwordExpiresOn: "2022-04-08",
    authorizedKeys: [{ source: "/home/bob/.ssh/a%b" }],
  });
  expect(accounts.get("nfs")).toMatchObject({ passwordExpiresOn: "1970-01-01", authorizedKeys: undefined });
  expect(files.listGaps()).toEqual([
    { kind: "unreadable", subject: "/net/nfs/.ssh/a%b", reason: "on a network file system" },
  ]);
});

const chage = Bun.which("chage");

test.skipIf(!chage || process.getuid?.() !== 0)(
  `expiry matches chage${chage ? "" : " (skipped: no chage)"}`,
  () => {
    for (const [name, account] of accountsIn("/")) {
      const result = Bun.spawnSync(["chage", "-i", "-l", name], { env: { LC_ALL: "C" } });
      if (result.exitCode !== 0) continue;
      const text = result.stdout.toString();
      const field = (label: string) => new RegExp(`^${label}\\s*: (.*)$`, "m").exec(text)?.[1];
      const end = field("Account expires");
      expect([name, account.expiresOn ?? "never"]).toEqual([name, end ?? ""]);
      const changed = field("Last password change");
      if (/^\d/.test(changed ?? "")) expect([name, account.passwordChangedOn]).toEqual([name, changed]);
    }
  },
);
