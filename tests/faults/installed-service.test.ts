// Installs the built sensor on a Debian host with a real systemd, kills the command at each step, cuts the
// power, and removes the sensor. With LONG_TESTS=1, on three releases, and killed at each of its writes.
// Otherwise, the command is killed at one step, drawn at random.
import { expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { INSTALLED_FILES } from "@attacklens/protocol/installed-files.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { runCommand } from "../../harness/command.ts";
import { DEBIAN_RELEASES, type DebianRelease } from "../../harness/debian-tree.ts";
import { drawSome, LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { openInstallation, type User } from "../support/installation.ts";
import { traces } from "../support/kill-at-each.ts";
import { createToken } from "../support/sensors.ts";
import { openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";

const RELEASES: readonly DebianRelease[] = LONG_TESTS ? DEBIAN_RELEASES : ["bookworm"];
const DOWNLOADED = "/opt/attacklens-sensor";
const reason = whyNoSystemd();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

/** Prefixes of the lines that each command prints, in order. */
const INSTALL_STEPS = ["program", "identity", "service", "start"];
const UNINSTALL_STEPS = ["stop", "unenroll"];

const KEPT = `stop       stopped attacklens-sensor.service
removed    /etc/systemd/system/attacklens-sensor.service
removed    /etc/systemd/system/attacklens-sensor-trial.service
removed    /var/lib/attacklens-sensor/versions
removed    /usr/local/bin/attacklens-sensor
kept       /var/lib/attacklens-sensor, with the identity and the spooled reports
`;

async function open(release: DebianRelease) {
  await using opening = new AsyncDisposableStack();
  const installation = opening.use(await openInstallation({ database: "sqlite", checkInIntervalSeconds: 5 }));
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Installed");
  const host = opening.use(await openSystemdHost(release));
  host.put(programPath(SENSOR), DOWNLOADED);
  const opened = opening.move();
  const install = [DOWNLOADED, "install", "--server", installation.server.url, "--token", "-"];
  return { installation, ada, token, host, install, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Runs a command on the host until it prints a line with the prefix, and kills it. */
async function killAfter(host: SystemdHost, args: string[], prefix: string, stdin = ""): Promise<void> {
  const child = Bun.spawn(host.command(args), {
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const errors = new Response(child.stderr).text();
  let output = "";
  const decoder = new TextDecoder();
  for await (const part of child.stdout) {
    output += decoder.decode(part, { stream: true });
    if (output.split("\n").some((line) => line.startsWith(prefix))) break;
  }
  process.kill(-child.pid, "SIGKILL");
  await child.exited;
  expect({ output, stderr: await errors }).toEqual({
    output: expect.stringContaining(`${prefix} `),
    stderr: "",
  });
}

async function waitForOnline(ada: User, sinceMs: number): Promise<void> {
  await waitUntil("the sensor is online", async () => {
    const { items } = await ada.call(listSensors, {});
    return items.some(
      ({ status, lastSeenAt }) =>
        status === "online" && lastSeenAt !== null && Date.parse(lastSeenAt) >= sinceMs,
    );
  });
}

/** All paths of the host but those that change while it runs. */
function listFiles(host: SystemdHost): string[] {
  const isVolatile = (path: string) =>
    /^(proc|sys|dev|run|tmp|var\/tmp|var\/log\/journal|opt)(\/|$)/.test(path);
  const list = (folder: string): string[] =>
    readdirSync(join(host.root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (isVolatile(path)) return [];
      return entry.isDirectory() ? [path, ...list(path)] : [path];
    });
  return list("").sort();
}

/** The guides and the documents list what is on a host: nothing else, and nothing that is not there. */
function expectListed(made: string[]): void {
  const listed: string[] = INSTALLED_FILES.systemd.entries.map(({ path }) => path);
  const isFor = (entry: string, path: string) =>
    entry.endsWith("/") ? `${path}/`.startsWith(entry) : path === entry;
  expect(made.filter((path) => !listed.some((entry) => isFor(entry, path)))).toEqual([]);
  expect(listed.filter((entry) => !made.some((path) => isFor(entry, path)))).toEqual([]);
}

test.skipIf(reason !== undefined).each([...RELEASES])(
  `on %s, install and uninstall survive a kill at each step, and the sensor survives a power failure${skipped}`,
  async (release) => {
    await using opened = await open(release);
    const { ada, token, host, install } = opened;
    const before = listFiles(host);

    for (const step of drawSome(INSTALL_STEPS)) await killAfter(host, install, step, token.value);
    const installed = await host.run(install, { stdin: token.value });
    expect(installed).toMatchObject({ code: 0, stderr: "" });
    expect(installed.stdout).toMatch(/\ndone: this host reports to http\S+ as sen_\S+\n$/);
    await waitForOnline(ada, 0);
    expect(await ada.call(listSensors, {})).toMatchObject({ total: 1 });
    const { enrolledSensors } = await ada.call(getEnrollmentToken, { params: { id: token.id } });
    expect(enrolledSensors).toBe(1);
    expect(listFiles(host).filter((path) => /\.(new|old)$/.test(path) && !before.includes(path))).toEqual([]);

    const made = listFiles(host).filter((path) => !before.includes(path));
    expectListed(made.map((path) => `/${path}`));

    const kept = await host.run(["attacklens-sensor", "uninstall", "--keep-identity"]);
    expect(kept).toMatchObject({ code: 0, stderr: "", stdout: KEPT });
    expect(await host.run([DOWNLOADED, "install"])).toMatchObject({ code: 0, stderr: "" });
    expect(await ada.call(listSensors, {})).toMatchObject({ total: 1 });

    await host.cutPower();
    const cutAt = Date.now();
    await host.boot();
    await waitForOnline(ada, cutAt);
    const status = await host.run(["attacklens-sensor", "service", "status"]);
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(status.stdout).toMatch(/^State +running$/m);
    const { stdout: log } = await host.run(["journalctl", "-b", "-u", "attacklens-sensor"]);
    expect(log).not.toMatch(/unknown key|unknown lvalue|failed to parse/i);

    for (const step of drawSome(UNINSTALL_STEPS))
      await killAfter(host, ["attacklens-sensor", "uninstall"], step);
    const removed = await host.run([DOWNLOADED, "uninstall"]);
    expect(removed).toMatchObject({ code: 0, stderr: "" });
    expect(listFiles(host).filter((path) => !before.includes(path))).toEqual([]);
    expect(await ada.call(listSensors, {})).toMatchObject({ items: [{ status: "uninstalled" }] });
    const again = await host.run([DOWNLOADED, "uninstall"]);
    expect(again).toMatchObject({ code: 0, stdout: "nothing to do: no sensor is installed on this host\n" });
  },
  600_000,
);

const STATE = "/var/lib/attacklens-sensor";
/** Shell text that breaks the host before the command, in a separate mount namespace. */
const BROKEN_HOSTS: [name: string, shell: string, message: string][] = [
  ["another user", 'exec setpriv --reuid=65534 --clear-groups "$@"', "this needs root"],
  ["no service manager", "mount -t tmpfs tmpfs /run", "this host runs neither systemd nor OpenRC"],
  [
    "a read-only disk",
    "mount --bind /var /var && mount -o remount,ro,bind /var",
    "the file system is read-only (/",
  ],
  [
    "a full disk",
    `mkdir -pm 700 ${STATE} && mount -t tmpfs -o size=9m tmpfs ${STATE} && chmod 700 ${STATE}`,
    "no space is left on the device (/",
  ],
  [
    "noexec",
    `mkdir -pm 700 ${STATE} && mount -t tmpfs -o noexec tmpfs ${STATE} && chmod 700 ${STATE}`,
    "the system does not run programs there (/",
  ],
  ["a masked unit", "systemctl mask attacklens-sensor 2>/dev/null", "the service is masked (a"],
];

test.skipIf(reason !== undefined)(
  `install says why it fails, and succeeds when that is corrected${skipped}`,
  async () => {
    await using opened = await open("bookworm");
    const { installation, token, host, install } = opened;
    const wrong = await host.run(install, { stdin: `${token.value}x` });
    expect(wrong).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("hint: copy the complete token again"),
    });
    for (const [name, shell, message] of BROKEN_HOSTS) {
      const broken = ["unshare", "--mount", "sh", "-c", `${shell} && exec "$@"`, "sh", ...install];
      const { code, stderr } = await host.run(broken, { stdin: token.value });
      expect({ name, code, stderr }).toMatchObject({ name, code: 14 });
      expect({ name, stderr }).toEqual({
        name,
        stderr: expect.stringMatching(/^attacklens-sensor: Cannot install the service: .+\nhint: .+\n$/),
      });
      expect({ name, stderr }).toEqual({ name, stderr: expect.stringContaining(message) });
    }
    const masked = await host.run([DOWNLOADED, "uninstall"]);
    expect(masked).toMatchObject({ code: 0, stderr: "" });
    expect((await host.run(["systemctl", "is-enabled", "attacklens-sensor"])).stdout).toBe("masked\n");
    await host.run(["systemctl", "unmask", "attacklens-sensor"]);
    expect(await host.run(install, { stdin: token.value })).toMatchObject({ code: 0, stderr: "" });

    await installation.server.stop();
    const alone = await host.run(["attacklens-sensor", "uninstall"]);
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining(`\nremoved    ${STATE}\n`) });
    expect(alone.stderr).toMatch(
      /^attacklens-sensor: http\S+ was not notified: .+\nattacklens-sensor: next: delete sen_\S+ in the console under Sensors; .+\n$/,
    );
  },
  600_000,
);

test.skipIf(reason !== undefined || !LONG_TESTS).each([...RELEASES])(
  "on %s, a package keeps its program and its unit, and takes over from an earlier installation",
  async (release) => {
    await using opened = await open(release);
    const { ada, token, host, install } = opened;
    expect(await host.run(install, { stdin: token.value })).toMatchObject({ code: 0, stderr: "" });
    host.put(programPath(SENSOR), "/usr/bin/attacklens-sensor");
    const unit = await host.run([DOWNLOADED, "service", "definition", "--packaged"]);
    writeFileSync(join(host.root, "usr/lib/systemd/system/attacklens-sensor.service"), unit.stdout);
    const before = listFiles(host);

    expect(await host.run(["/usr/bin/attacklens-sensor", "install"])).toMatchObject({ code: 0, stderr: "" });
    const status = await host.run(["/usr/bin/attacklens-sensor", "service", "status"]);
    expect(status.stdout).toMatch(/^Program +\/usr\/bin\/attacklens-sensor$/m);
    const after = listFiles(host);
    expect(before.filter((path) => !after.includes(path) && !path.includes(".lock/"))).toEqual([
      "etc/systemd/system/attacklens-sensor-trial.service",
      "etc/systemd/system/attacklens-sensor.service",
      "usr/local/bin/attacklens-sensor",
      expect.stringMatching(/^var\/lib\/attacklens-sensor\/versions$/),
      expect.stringMatching(/versions\/[\d.]+$/),
      expect.stringMatching(/versions\/[\d.]+\/attacklens-sensor$/),
      "var/lib/attacklens-sensor/versions/stable",
    ]);
    expect(await ada.call(listSensors, {})).toMatchObject({ total: 1 });

    const removed = await host.run(["/usr/bin/attacklens-sensor", "uninstall"]);
    expect(removed).toMatchObject({ code: 0, stderr: "" });
    expect(removed.stdout).toContain("next: remove the package attacklens-sensor");
    expect(listFiles(host).filter((path) => path.includes("attacklens"))).toEqual([
      "usr/bin/attacklens-sensor",
      "usr/lib/systemd/system/attacklens-sensor.service",
    ]);
  },
  600_000,
);

const EVERY_WRITE = ["mkdir", "chmod", "rename", "symlink", "fsync", "unlink", "rmdir"];
const canKillAtWrites = reason === undefined && LONG_TESTS && traces;

test.skipIf(!canKillAtWrites)(
  `install and uninstall, killed at any write, can be repeated${canKillAtWrites ? "" : " (skipped: needs LONG_TESTS=1 and strace)"}`,
  async () => {
    await using opened = await open("bookworm");
    const { token, host, install } = opened;
    const before = listFiles(host);
    for (const call of EVERY_WRITE) {
      for (let nth = 1; nth < 60; nth++) {
        const killer = ["strace", "-f", "-o", "/dev/null", "-e", `trace=${call}`];
        killer.push("-e", `inject=${call}:signal=KILL:when=${nth}`);
        const first = await runCommand([...killer, ...host.command(install)], { stdin: token.value });
        const at = `${call} ${nth}`;
        const installed = await host.run(install, { stdin: token.value });
        expect({ at, ...installed }).toMatchObject({ at, code: 0, stderr: "" });
        const second = await runCommand([...killer, ...host.command([DOWNLOADED, "uninstall"])]);
        const removed = await host.run([DOWNLOADED, "uninstall"]);
        expect({ at, ...removed }).toMatchObject({ at, code: 0, stderr: "" });
        expect({ at, left: listFiles(host).filter((path) => !before.includes(path)) }).toEqual({
          at,
          left: [],
        });
        if (first.code === 0 && second.code === 0) break;
      }
    }
  },
  1_800_000,
);
