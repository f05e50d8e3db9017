// Installs, upgrades, downgrades, removes and purges the packages of both programs on a Debian host with a
// real systemd. With LONG_TESTS=1, on three releases, with rpm as well, and with another program in the later
// package. Otherwise, only its version differs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completeSetup } from "@attacklens/protocol/account.ts";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { call, type Session } from "../../harness/api-client.ts";
import { SENSOR, SERVER } from "../../harness/build.ts";
import { findOrInstall } from "../../harness/debian.ts";
import { DEBIAN_RELEASES, type DebianRelease } from "../../harness/debian-tree.ts";
import { findFreePort } from "../../harness/free-port.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import type { LinuxPackage } from "../../harness/packages/package.ts";
import { openTemporaryFolder, type TemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { PASSWORD } from "../support/installation.ts";
import { compileRelease, makeDeb, makeRpm, packageBuilt, type TestPackage } from "../support/packages.ts";
import { openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";

type Format = "deb" | "rpm";
const HOSTS: readonly [DebianRelease, Format][] = LONG_TESTS
  ? [...DEBIAN_RELEASES.map((release) => [release, "deb"] as [DebianRelease, Format]), ["bookworm", "rpm"]]
  : [["bookworm", "deb"]];
const [EARLIER, LATER] = [RELEASE, "9999.12.0"] as const;
const SERVICES = ["attacklens", "attacklens-sensor"];
const TIMEOUT_MS = 600_000;

const reason = whyNoSystemd();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

let folder: TemporaryFolder;
/** The server's and the sensor's, of each release. */
const built: Record<Format, Record<string, [TestPackage, TestPackage]>> = { deb: {}, rpm: {} };

beforeAll(async () => {
  if (reason !== undefined) return;
  folder = openTemporaryFolder("packages");
  await findOrInstall("rpmbuild");
  for (const release of [EARLIER, LATER]) {
    const sources = await Promise.all(
      [SERVER, SENSOR].map((program) =>
        LONG_TESTS ? compileRelease(program, release, folder.path) : packageBuilt(program, release),
      ),
    );
    const [server, sensor] = sources as [LinuxPackage, LinuxPackage];
    const makeAll = async (make: typeof makeDeb) =>
      [await make(server, folder.path), await make(sensor, folder.path)] as [TestPackage, TestPackage];
    built.deb[release] = await makeAll(makeDeb);
    if (LONG_TESTS) built.rpm[release] = await makeAll(makeRpm);
  }
}, TIMEOUT_MS);

afterAll(() => folder?.[Symbol.dispose]());

/** What an administrator does with the host, and sees on it. */
function administer(host: SystemdHost, format: Format) {
  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await host.run(args);
    if (code !== 0) throw new Error(`${args.join(" ")} failed with ${code}:\n${stdout}${stderr}`);
    return stdout + stderr;
  }
  const install = (packages: TestPackage[]) => {
    const names = packages.map(({ path }) => {
      const name = `/root/${path.split("/").at(-1)}`;
      if (!existsSync(join(host.root, name))) host.put(path, name);
      return name;
    });
    // Debian's database does not have what the packages of other systems need.
    const rpm = ["rpm", "--upgrade", "--oldpackage", "--replacepkgs", "--nodeps"];
    return run(...(format === "deb" ? ["dpkg", "--install"] : rpm), ...names);
  };
  const remove = () => run(...(format === "deb" ? ["dpkg", "--remove"] : ["rpm", "--erase"]), ...SERVICES);
  async function show(service: string) {
    const properties = ["ActiveState", "MainPID", "UnitFileState", "NRestarts"];
    const { stdout } = await host.run(["systemctl", "show", service, `--property=${properties.join()}`]);
    return Object.fromEntries(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split("=", 2)),
    ) as Record<string, string>;
  }
  async function versionOf(service: string): Promise<string> {
    const { MainPID } = await show(service);
    const { version } = JSON.parse(await run(`/proc/${MainPID}/exe`, "version", "--json"));
    return version;
  }
  const states = async () => (await Promise.all(SERVICES.map(show))).map(({ ActiveState }) => ActiveState);
  return { run, install, remove, show, versionOf, states };
}

/** All paths of the host but those that change while it runs, and what dpkg notes for itself. */
function listFiles(root: string): string[] {
  const isVolatile = (path: string) =>
    /^(proc|sys|dev|run|tmp|root|var\/(tmp|log|cache)|var\/lib\/(dpkg|rpm|systemd)|var\/backups)(\/|$)/.test(
      path,
    );
  const list = (inFolder: string): string[] =>
    readdirSync(join(root, inFolder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(inFolder, entry.name);
      if (isVolatile(path)) return [];
      return entry.isDirectory() ? [path, ...list(path)] : [path];
    });
  return list("").sort();
}

/** useradd and userdel keep the earlier version of each file. */
function isAccountBackup(path: string): boolean {
  return /^etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/.test(path);
}

describe.each([...HOSTS])(`on %s with %s${skipped}`, (release, format) => {
  const packages = (version: string) => built[format][version]!;
  let host: SystemdHost;
  let admin: ReturnType<typeof administer>;
  let url: string;
  let before: string[];
  const session: Session = {};
  let identity: string;

  const readIdentity = () => readFileSync(join(host.root, "var/lib/attacklens-sensor/identity.json"), "utf8");
  const waitForOnline = (sinceMs: number) =>
    waitUntil("the sensor is online", async () => {
      // The server may be starting.
      const list = await call(url, listSensors, {}, session).catch(() => undefined);
      if (list && list.items.length > 1) throw new Error("the host enrolled a second sensor");
      const sensor = list?.items[0];
      return sensor?.status === "online" && Date.parse(sensor.lastSeenAt ?? "") >= sinceMs;
    });

  beforeAll(async () => {
    if (reason !== undefined) return;
    host = await openSystemdHost(release);
    admin = administer(host, format);
    if (format === "rpm") {
      await admin.run("apt-get", "update", "-q");
      await admin.run("apt-get", "install", "-q", "-y", "--no-install-recommends", "rpm");
    }
    before = listFiles(host.root);
  }, TIMEOUT_MS);
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  const step = (name: string, body: () => Promise<void>) =>
    test.skipIf(reason !== undefined)(name, body, TIMEOUT_MS);
  const longStep = LONG_TESTS ? step : test.skip;

  step("a CPU without SSE4.2 gets one sentence, and nothing is installed", async () => {
    if (process.arch !== "x64") return;
    writeFileSync(join(host.root, "root/cpuinfo"), "flags\t\t: fpu sse2 ssse3 popcnt\n");
    await admin.run("mount", "--bind", "/root/cpuinfo", "/proc/cpuinfo");
    try {
      await expect(admin.install(packages(EARLIER))).rejects.toThrow(
        /Cannot install attacklens\. This CPU has no sse4_2.*\nhint: .*x86-64-v2/,
      );
    } finally {
      await admin.run("umount", "/proc/cpuinfo");
    }
    expect(existsSync(join(host.root, "usr/bin/attacklens"))).toBe(false);
    expect(listFiles(host.root)).toEqual(before);
  });

  step("a host where install set up a sensor gets one sentence, and nothing is installed", async () => {
    const other = join(host.root, "etc/systemd/system/attacklens-sensor.service");
    const program = "/var/lib/attacklens-sensor/versions/stable/attacklens-sensor";
    writeFileSync(other, `[Service]\nExecStart=${program} run\n`);
    try {
      await expect(admin.install([packages(EARLIER)[1]])).rejects.toThrow(
        /Cannot install attacklens-sensor\. This host already has a sensor.*\nhint: .*--keep-identity/,
      );
    } finally {
      rmSync(other);
    }
    expect(listFiles(host.root)).toEqual(before);
  });

  step("the server starts, and its message leads to the set-up link", async () => {
    const port = await findFreePort();
    url = `http://127.0.0.1:${port}`;
    const dropIn = join(host.root, "etc/systemd/system/attacklens.service.d");
    mkdirSync(dropIn);
    writeFileSync(join(dropIn, "test.conf"), `[Service]\nEnvironment=ATTACKLENS_LISTEN=127.0.0.1:${port}\n`);
    const output = await admin.install([packages(EARLIER)[0]]);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const command = /Set-up link: +(.+)/.exec(output)?.[1];
    const link = await waitUntil("the journal has the set-up link", async () => {
      const { stdout } = await host.run(["sh", "-c", command!]);
      return /http\S+\/setup#code=\S+/.exec(stdout)?.[0];
    });
    const code = decodeURIComponent(new URL(link).hash.slice("#code=".length));
    const body = { code, name: "Ada", email: "ada@example.com", password: PASSWORD };
    await call(url, completeSetup, { body }, session);
    const data = statSync(join(host.root, "var/lib/attacklens"));
    expect(data.mode & 0o777).toBe(0o700);
    expect(data.uid).not.toBe(0);
    expect(statSync(join(host.root, "etc/attacklens/attacklens.env")).mode & 0o777).toBe(0o600);
    expect(await admin.show("attacklens")).toMatchObject({ ActiveState: "active", UnitFileState: "enabled" });
    expect(await admin.run("id", "attacklens")).toContain("attacklens");
    await admin.run("systemctl", "reload", "attacklens");
  });

  step("the sensor does not start before the host enrolls", async () => {
    const output = await admin.install([packages(EARLIER)[1]]);
    expect(output).toContain("attacklens-sensor install --server");
    expect(await admin.show("attacklens-sensor")).toMatchObject({
      ActiveState: "inactive",
      UnitFileState: "disabled",
    });
    const scope = { type: "all-assets" } as const;
    const { value } = await call(
      url,
      createEnrollmentToken,
      { body: { name: "Packages", scope, expiresAt: null } },
      session,
    );
    const args = ["attacklens-sensor", "install", "--server", url, "--token", "-"];
    expect(await host.run(args, { stdin: value })).toMatchObject({ code: 0, stderr: "" });
    await waitForOnline(0);
    identity = readIdentity();
  });

  step("both units are hardened", async () => {
    const { stdout } = await host.run(["systemd-analyze", "security", "--no-pager"]);
    for (const service of SERVICES) {
      const score = Number(new RegExp(`^${service}\\.service +([0-9.]+)`, "m").exec(stdout)?.[1]);
      expect(score).toBeLessThanOrEqual(2.5);
    }
  });

  step("an upgrade restarts both with the new program, and keeps settings and identity", async () => {
    const settings = join(host.root, "etc/attacklens/attacklens.env");
    writeFileSync(settings, `${readFileSync(settings, "utf8")}ATTACKLENS_LOG_LEVEL=debug\n`);
    const pids = await Promise.all(SERVICES.map(admin.show));
    await admin.install(packages(LATER));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    // By now, the upgrade has stopped the processes from before.
    const startedAt = Date.now();
    for (const [index, service] of SERVICES.entries()) {
      const shown = await admin.show(service);
      expect(shown).toMatchObject({ ActiveState: "active", UnitFileState: "enabled", NRestarts: "0" });
      expect(shown.MainPID).not.toBe(pids[index]!.MainPID!);
      expect(await admin.versionOf(service)).toBe(LONG_TESTS ? LATER : RELEASE);
    }
    await waitForOnline(startedAt);
    expect(readIdentity()).toBe(identity);
    expect(readFileSync(settings, "utf8")).toContain("\nATTACKLENS_LOG_LEVEL=debug\n");
  });

  longStep("both start after a power failure", async () => {
    await host.cutPower();
    const startedAt = Date.now();
    await host.boot();
    await waitForOnline(startedAt);
    expect(await Promise.all(SERVICES.map(admin.versionOf))).toEqual([LATER, LATER]);
  });

  longStep("a downgrade restarts both with the earlier program", async () => {
    await admin.install(packages(EARLIER));
    await waitForOnline(Date.now());
    expect(await Promise.all(SERVICES.map(admin.versionOf))).toEqual([EARLIER, EARLIER]);
    expect(readIdentity()).toBe(identity);
  });

  longStep("an upgrade does not start a stopped service, and keeps a disabled one disabled", async () => {
    await admin.run("systemctl", "stop", "attacklens");
    await admin.run("systemctl", "disable", "--now", "attacklens-sensor");
    await admin.install(packages(LATER));
    expect(await admin.states()).toEqual(["inactive", "inactive"]);
    expect(await admin.show("attacklens-sensor")).toMatchObject({ UnitFileState: "disabled" });
    await admin.run("systemctl", "enable", "--now", ...SERVICES);
  });

  longStep("removing stops both and keeps the data, and installing again continues", async () => {
    const output = await admin.remove();
    if (format === "deb") expect(output).toContain("this host is still enrolled");
    expect(await admin.states()).toEqual(["inactive", "inactive"]);
    expect(existsSync(join(host.root, "usr/bin/attacklens-sensor"))).toBe(false);
    expect(readIdentity()).toBe(identity);
    await admin.install(packages(LATER));
    await waitForOnline(Date.now());
    expect(readIdentity()).toBe(identity);
  });

  step("purging leaves nothing on the host; rpm leaves settings, data and user", async () => {
    if (format === "rpm") {
      await admin.remove();
      expect(readIdentity()).toBe(identity);
      const left = listFiles(host.root).filter((path) => !before.includes(path));
      const isData = (path: string) => /^var\/lib\/attacklens(-sensor)?(\/|$)/.test(path);
      expect(left.filter((path) => !isData(path) && !isAccountBackup(path))).toEqual([
        "etc/attacklens",
        "etc/attacklens/attacklens.env.rpmsave",
        "etc/systemd/system/attacklens.service.d",
        "etc/systemd/system/attacklens.service.d/test.conf",
      ]);
      return;
    }
    await admin.run("dpkg", "--purge", ...SERVICES);
    await admin.run("rm", "-r", "/etc/systemd/system/attacklens.service.d");
    expect(listFiles(host.root).filter((path) => !before.includes(path) && !isAccountBackup(path))).toEqual(
      [],
    );
    const users = await host.run(["getent", "passwd", "attacklens"]);
    expect(users.stdout).toBe("");
  });
});
