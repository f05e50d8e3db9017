// Compares the inventory of the machine that runs the tests with the output of the system's tools. A test
// whose tool is missing is skipped, and its name gives the reason.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { hostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { CATEGORY_ITEMS, type Item } from "@attacklens/protocol/inventory/category-items.ts";
import { cutChunks } from "@attacklens/protocol/inventory/chunks.ts";
import { makeRoot } from "../testdata/unpack-machine.ts";
import { LIMITS } from "./budget.ts";
import { collectHostFacts, collectInventory, runCollector } from "./collect.ts";

const isLinux = process.platform === "linux";
const inventory = await collectInventory();

/** A test that runs only if the tool is installed and, with `isMeant`, works on this host. */
function testWith(tool: string, name: string, run: () => unknown, isMeant = true) {
  const isThere = Bun.which(tool) !== null;
  const reason = isThere
    ? isMeant
      ? ""
      : ` (skipped: ${tool} has no output here)`
    : ` (skipped: no ${tool})`;
  test.skipIf(reason !== "")(`${name}${reason}`, async () => {
    await run();
  });
}

function itemsOf<C extends Category>(category: C, from = inventory): Item<C>[] {
  const result = from[category];
  if (result.status !== "collected") throw new Error(`${category} is ${JSON.stringify(result)}`);
  return result.items as Item<C>[];
}

function linesOf(...command: string[]): string[] {
  const { stdout } = Bun.spawnSync(command, { env: { ...process.env, LC_ALL: "C", SYSTEMD_COLORS: "0" } });
  return stdout.toString().split("\n").filter(Boolean);
}

describe.skipIf(!isLinux)("on this machine", () => {
  test("every item is valid and has a unique key, and items are sorted by key", () => {
    for (const category of CATEGORIES) {
      const result = inventory[category];
      if (result.status !== "collected") continue;
      for (const item of result.items) CATEGORY_ITEMS[category].parse(JSON.parse(JSON.stringify(item)));
      const keys = result.items.map(({ key }) => key);
      expect(keys).toEqual([...new Set(keys)].sort());
      cutChunks(category, result.items, String);
    }
  });

  test("a second collection returns the same inventory, except for listening ports", async () => {
    const again = await collectInventory();
    const ofRun = { durationMs: 0, seen: undefined };
    const stable = ["services", "users", "security", "system", "hardware", "network", "jobs"] as const;
    for (const category of [...stable, "certificates", "containers"] as const)
      expect({ ...again[category], ...ofRun }).toEqual({ ...inventory[category], ...ofRun });
    // Packages of languages are those of the programs that run.
    const ofSystem = (from: typeof inventory) =>
      itemsOf("packages", from).filter(({ location }) => location === undefined);
    expect(ofSystem(again)).toEqual(ofSystem(inventory));
  });

  test("the host facts of enrollment are valid and match the inventory", async () => {
    const facts = await collectHostFacts();
    hostFacts.parse(JSON.parse(JSON.stringify(facts)));
    expect(itemsOf("system")).toContainEqual(
      expect.objectContaining({ kind: "host", hostname: facts.hostname }),
    );
  });

  testWith("dpkg-query", "packages, sources and sizes match dpkg-query", () => {
    const fields = [
      "Package",
      "Architecture",
      "Version",
      "source:Package",
      "source:Version",
      "Installed-Size",
    ];
    const format = `\${db:Status-Abbrev}\\t${fields.map((field) => `\${${field}}`).join("\\t")}\\n`;
    const expected = linesOf("dpkg-query", "-W", "-f", format)
      .filter((line) => /^.[HUFWti]/.test(line))
      .map((line) => line.split("\t").slice(1).join(" "));
    const found = itemsOf("packages").flatMap((item) =>
      item.manager === "dpkg"
        ? `${item.name} ${item.architecture} ${item.version} ${item.source} ${item.sourceVersion} ${item.sizeBytes === undefined ? "" : item.sizeBytes / 1024}`
        : [],
    );
    expect(found.sort()).toEqual(expected.sort());
  });

  testWith("rpm", "packages match rpm", () => {
    const expected = linesOf(
      "rpm",
      "-qa",
      "--qf",
      "%{NAME} %{ARCH} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n",
    );
    const found = itemsOf("packages").flatMap((item) =>
      item.manager === "rpm" ? `${item.name} ${item.architecture} ${item.version}` : [],
    );
    expect(found.sort()).toEqual(expected.filter((line) => !line.startsWith("gpg-pubkey ")).sort());
  });

  testWith("apk", "packages match apk", () => {
    const found = itemsOf("packages").flatMap((item) =>
      item.manager === "apk" ? `${item.name}-${item.version}` : [],
    );
    expect(found.sort()).toEqual(linesOf("apk", "info", "-v").sort());
  });

  testWith("systemctl", "services and their enablement match systemctl", () => {
    const expected = linesOf(
      "systemctl",
      "list-unit-files",
      "--type=service,socket",
      "--no-legend",
      "--no-pager",
    ).map((line) => line.trim().split(/\s+/).slice(0, 2).join(" "));
    const names = new Set(expected.map((line) => line.split(" ", 1)[0]));
    const found = itemsOf("services")
      // Running instances of templates have no unit file.
      .filter(({ name }) => names.has(name) || !name.includes("@"))
      .map(({ name, enablement }) => `${name} ${enablement}`);
    expect(found.sort()).toEqual(expected.sort());
  });

  testWith(
    "systemctl",
    "services that systemctl shows as running are running",
    () => {
      const lines = linesOf(
        "systemctl",
        "list-units",
        "--type=service",
        "--no-legend",
        "--no-pager",
        "--plain",
      );
      const running = lines
        .map((line) => line.trim().split(/\s+/))
        .filter(([, , , sub]) => sub === "running");
      const known = new Map(itemsOf("services").map(({ name, state }) => [name, state]));
      for (const [name = ""] of running)
        if (known.has(name)) expect([name, known.get(name)]).toEqual([name, "running"]);
    },
    existsSync("/run/systemd/system"),
  );

  testWith("ss", "listening ports and their processes match ss", async () => {
    // Other programs open and close ports meanwhile. A mistake of the collector occurs in each attempt.
    let wrong: string[] | undefined;
    for (let attempt = 0; attempt < 10 && wrong?.length !== 0; attempt += 1) {
      const before = portsOfSs();
      const found = itemsOf("ports", await collectInventory()).map(
        ({ protocol, address, port, device, processes }) =>
          `${protocol} ${address} ${device ?? ""} ${port} ${processes.map(({ pid }) => pid).join()}`,
      );
      const after = portsOfSs();
      const missing = before.filter((line) => after.includes(line) && !found.includes(line));
      const unknown = found.filter((line) => !before.includes(line) && !after.includes(line));
      const now = [
        ...missing.map((line) => `missing: ${line}`),
        ...unknown.map((line) => `unknown: ${line}`),
      ];
      wrong = wrong?.filter((line) => now.includes(line)) ?? now;
    }
    expect(wrong).toEqual([]);
  });

  testWith("getent", "accounts and groups match getent", () => {
    const users = itemsOf("users");
    const passwd = linesOf("getent", "-s", "files", "passwd");
    const groups = linesOf("getent", "-s", "files", "group");
    const foundUsers = users.flatMap((user) =>
      user.kind === "user" ? `${user.name}:${user.uid}:${user.gid}:${user.home}:${user.shell}` : [],
    );
    const foundGroups = users.flatMap((group) =>
      group.kind === "group" ? `${group.name}:${group.gid}:${group.members.join()}` : [],
    );
    const pick = (line: string, columns: number[]) => columns.map((at) => line.split(":")[at]).join(":");
    expect(foundUsers.sort()).toEqual(passwd.map((line) => pick(line, [0, 2, 3, 5, 6])).sort());
    expect(foundGroups.sort()).toEqual(groups.map((line) => pick(line, [0, 2, 3])).sort());
  });

  testWith("id", "the groups of each account match id", () => {
    for (const user of itemsOf("users")) {
      if (user.kind !== "user") continue;
      expect([user.name, ...[...user.groups].sort()]).toEqual([
        user.name,
        ...(linesOf("id", "-Gn", user.name)[0] ?? "")
          .split(" ")
          .filter((name) => /\D/.test(name))
          .sort(),
      ]);
    }
  });

  testWith("systemd-detect-virt", "virtualization matches systemd-detect-virt", () => {
    const type = linesOf("systemd-detect-virt")[0];
    expect(itemsOf("system")).toContainEqual({
      key: "virtualization",
      kind: "virtualization",
      type: type ?? "none",
    });
  });
});

/** `protocol address port pids`, with the sockets of one address merged, as in the inventory. */
function portsOfSs(): string[] {
  const pidsOf = new Map<string, Set<number>>();
  for (const line of linesOf("ss", "-Hltnup")) {
    const [protocol, , , , local = ""] = line.split(/\s+/);
    const [, host = "", port] = /^(.*):(\d+)$/.exec(local) ?? [];
    // ss prints `::` as `*` if the socket also accepts IPv4; `%lo` is the interface the socket is bound to.
    const [address = "", device = ""] = host.replace(/[[\]]/g, "").split("%");
    const key = `${protocol} ${address === "*" ? "::" : address} ${device} ${port}`;
    const pids = pidsOf.get(key) ?? new Set();
    for (const [, pid] of line.matchAll(/pid=(\d+)/g)) pids.add(Number(pid));
    pidsOf.set(key, pids);
  }
  return [...pidsOf]
    .map(([key, pids]) => `${key} ${[...pids].sort((left, right) => left - right).join()}`)
    .sort();
}

test("a failed category has its reason, one that is not on the host is absent, and the others are collected", async () => {
  using host = makeRoot("-- /var/lib/dpkg/status/\n-- /etc/group\nroot:x:0:\n-- /proc/net/tcp\n\n");
  const collected = await collectInventory(host.root);
  const durationMs = expect.any(Number);
  expect(collected.packages).toEqual({
    status: "failed",
    reason: "Cannot read /var/lib/dpkg/status: it is a folder",
    durationMs,
  });
  expect(collected.services).toMatchObject({
    status: "absent",
    reason: "no service of systemd, OpenRC, runit or SysV",
    durationMs,
  });
  expect(collected.ports).toMatchObject({ status: "collected", items: [], durationMs });
  expect(collected.users).toMatchObject({ status: "absent", reason: "no /etc/passwd", durationMs });
  expect(collected.security.status).toBe("collected");
  expect(collected.system.status).toBe("collected");
});

test("reports the first 50,000 items and the number of all, each key once", async () => {
  const [user, ...others] = ["b", "a", "b"].map((key) => ({ key }) as Item<"users">);
  function* users() {
    for (let nth = 0; nth < 50_010; nth++) yield { ...user, key: `${nth}` } as Item<"users">;
    yield* others;
  }
  const result = await runCollector<"users">(users, "/");
  expect(result).toMatchObject({ status: "collected", totalItems: 50_012 });
  const keys = itemsOf("users", { ...inventory, users: result }).map(({ key }) => key);
  expect(keys).toHaveLength(50_000);
  expect(keys).toEqual([...new Set(keys)].sort());
  expect(keys).not.toContain("50000");
});

test("ends a collector whose time is over, and reports it as too slow", async () => {
  async function* endless() {
    for (let nth = 0; ; nth++) yield { key: `${nth}` } as Item<"users">;
  }
  const result = await runCollector<"users">(endless, "/", { ...LIMITS, timeMs: 50 });
  expect(result).toMatchObject({ status: "too-slow", reason: "it took more than 0.05 seconds" });
});

test("the gaps of a category are those of its files and of its collector", async () => {
  using host = makeRoot("-- /etc/a/\n");
  const result = await runCollector<"users">((files) => {
    files.findText("/etc/a");
    files.noteGap({ kind: "damaged", subject: "/etc/b", reason: "line 3 has no name" });
    return [];
  }, host.root);
  expect(result).toMatchObject({
    status: "collected",
    gaps: [
      { kind: "damaged", subject: "/etc/b", reason: "line 3 has no name" },
      { kind: "unreadable", subject: "/etc/a", reason: "it is a folder" },
    ],
  });
});

test("reports an unreadable package database beside a readable one as a gap", async () => {
  using host = makeRoot("-- /var/lib/dpkg/status/\n-- /lib/apk/db/installed\nP:a\nV:1\nA:x86_64\n\n");
  expect((await collectInventory(host.root)).packages).toMatchObject({
    status: "collected",
    items: [{ manager: "apk", name: "a" }],
    gaps: [{ kind: "unreadable", subject: "/var/lib/dpkg/status", reason: "it is a folder" }],
  });
});

test.each(["rpmdb.sqlite", "Packages.db", "Packages"])(
  "the error for a damaged rpm database names the file %s",
  async (file) => {
    using host = makeRoot(`-- /var/lib/rpm/${file}\nnot a database\n`);
    expect((await collectInventory(host.root)).packages).toMatchObject({
      status: "failed",
      reason: expect.stringContaining(`Cannot read /var/lib/rpm/${file}: `),
    });
  },
);
