// Prepares an image on a Debian host with a real systemd, reboots the template, and boots clones of it. With
// LONG_TESTS=1, on three releases, two clones at once, and killed at each of its writes.
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getEnrollmentToken, revokeEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { listSensors } from "@attacklens/protocol/sensors.ts";
import { formatTokenValue, TICKET_PREFIX } from "@attacklens/protocol/token-value.ts";
import { programPath, SENSOR } from "../../harness/build.ts";
import { runCommand } from "../../harness/command.ts";
import { DEBIAN_RELEASES, type DebianRelease } from "../../harness/debian-tree.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { startServer } from "../../harness/programs.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { waitForConnected } from "../support/connected-host.ts";
import { openInstallation } from "../support/installation.ts";
import { traces } from "../support/kill-at-each.ts";
import { createToken } from "../support/sensors.ts";
import { openClone, openSystemdHost, type SystemdHost, whyNoSystemd } from "../support/systemd-host.ts";

const RELEASES: readonly DebianRelease[] = LONG_TESTS ? DEBIAN_RELEASES : ["bookworm"];
const DOWNLOADED = "/opt/attacklens-sensor";
const STATE = "/var/lib/attacklens-sensor";
const SEALED = `${STATE}/sealed-token.json`;
const reason = whyNoSystemd();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

async function open(release: DebianRelease) {
  await using opening = new AsyncDisposableStack();
  const installation = opening.use(await openInstallation({ database: "sqlite", checkInIntervalSeconds: 5 }));
  const ada = await installation.createSuperAdmin();
  const token = await createToken(ada, "Image");
  const host = opening.use(await openSystemdHost(release));
  host.put(programPath(SENSOR), DOWNLOADED);
  const opened = opening.move();
  const prepare = [DOWNLOADED, "prepare-image", "--server", installation.server.url, "--token", "-"];
  return { installation, ada, token, host, prepare, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const statusOf = (host: SystemdHost) => host.run(["attacklens-sensor", "status"]);
const isOn = (host: SystemdHost, path: string) => existsSync(join(host.root, path));

/** As the documents say: otherwise, systemd takes the id from D-Bus again. */
function emptyMachineId(root: string): void {
  writeFileSync(join(root, "etc/machine-id"), "");
  rmSync(join(root, "var/lib/dbus/machine-id"), { force: true });
}
const setMachineId = (id: string) => (root: string) => writeFileSync(join(root, "etc/machine-id"), `${id}\n`);

test.skipIf(reason !== undefined).each([...RELEASES])(
  `on %s, a rebooted template does not enroll, and its clones do${skipped}`,
  async (release) => {
    await using opened = await open(release);
    const { installation, ada, token, host, prepare } = opened;
    const url = installation.server.url;

    // What an earlier sensor and an unfinished enrollment left.
    mkdirSync(join(host.root, STATE, "reports"), { recursive: true, mode: 0o700 });
    for (const name of ["status.json", "reports/000000000001-1.json", "other"])
      writeFileSync(join(host.root, STATE, name), "{}");
    const ticket = formatTokenValue(new Uint8Array(32), TICKET_PREFIX);
    const refusals: [args: string[], stdin: string, code: number, message: string][] = [
      [[], "", 2, "no server was given"],
      [["--server", url], "", 2, "no token was given"],
      [["--server", url, "--token", "-"], `${token.value}x`, 3, "nothing was sent"],
      [["--server", url, "--token", "-"], ticket, 3, "a re-enrollment ticket is for one host"],
      [["--server", url, "--token", "-", "--ignore-machine-id"], token.value, 1, "has no hardware id"],
      [["--server", "http://192.0.2.1", "--token", "-"], token.value, 2, "https"],
      [["--replace"], "", 2, "'--replace'"],
    ];
    for (const [args, stdin, code, message] of refusals) {
      const refused = await host.run([DOWNLOADED, "prepare-image", ...args], { stdin });
      expect({ args, ...refused }).toMatchObject({ args, code, stderr: expect.stringContaining(message) });
    }
    const prepared = await host.run(prepare, { stdin: token.value });
    expect(prepared).toMatchObject({ code: 0, stderr: "" });
    expect(prepared.stdout).toMatch(/^removed +\/var\/lib\/attacklens-sensor\/reports$/m);
    expect(prepared.stdout).toMatch(/^seal +sealed the token for http\S+ in \/var\/lib\/\S+$/m);
    expect(prepared.stdout).toMatch(/\ndone: a clone enrolls on its first boot if it has another machine id/);
    expect(readdirSync(join(host.root, STATE)).sort()).toEqual(["sealed-token.json", "versions"]);
    expect(statSync(join(host.root, SEALED)).mode & 0o777).toBe(0o600);
    const again = await host.run([DOWNLOADED, "prepare-image"]);
    expect(again).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringContaining("already installed"),
    });
    expect((await host.run(["systemctl", "is-active", "attacklens-sensor"])).stdout).toBe("inactive\n");

    await host.cutPower();
    await host.boot();
    await waitUntil("the sensor of the template waits", async () => {
      const { stdout } = await host.run(["journalctl", "-b", "-u", "attacklens-sensor"]);
      return stdout.includes("this is the machine on which the image was prepared");
    });
    expect(await statusOf(host)).toMatchObject({
      code: 5,
      stdout: expect.stringMatching(/^State +image template$/m),
    });
    expect(await ada.call(listSensors, {})).toMatchObject({ total: 0 });

    // More provisioning, and another token.
    const other = await createToken(ada, "Image 2");
    expect(await host.run(prepare, { stdin: other.value })).toMatchObject({ code: 0, stderr: "" });
    expect((await host.run(["systemctl", "is-active", "attacklens-sensor"])).stdout).toBe("inactive\n");
    await host.cutPower();

    await using first = await openClone(host, "clone-1", emptyMachineId);
    await using second = LONG_TESTS
      ? await openClone(host, "clone-2", setMachineId("0123456789abcdef0123456789abcdef"))
      : undefined;
    const clones = second ? [first, second] : [first];
    await waitUntil("the clones are online", async () => {
      const { items } = await ada.call(listSensors, {});
      return items.length === clones.length && items.every(({ status }) => status === "online");
    });
    expect(await ada.call(getEnrollmentToken, { params: { id: other.id } })).toMatchObject({
      enrolledSensors: clones.length,
    });
    for (const clone of clones) {
      expect(isOn(clone, SEALED)).toBe(false);
      const search = ["grep", "-rlF", "--devices=skip", "-f", "-", "/etc", "/var", "/tmp", "/root", "/run"];
      expect(await clone.run(search, { stdin: other.value })).toMatchObject({ code: 1, stdout: "" });
      await waitForConnected(clone);
    }

    // A machine that reports is no template.
    const refused = await first.run([DOWNLOADED, "prepare-image", "--server", url, "--token", "-"], {
      stdin: token.value,
    });
    expect(refused).toMatchObject({ code: 15, stdout: "" });
    expect(refused.stderr).toMatch(
      /^attacklens-sensor: Cannot prepare an image: this host is enrolled with \S+ as sen_\S+, .+; nothing was changed\nhint: run attacklens-sensor unenroll, then repeat the command\n$/,
    );
    expect(isOn(first, SEALED)).toBe(false);
    expect(await first.run(["attacklens-sensor", "unenroll"])).toMatchObject({ code: 0 });
    const unenrolled = await first.run(prepare, { stdin: token.value });
    expect(unenrolled).toMatchObject({ code: 0, stderr: "" });
    expect(await first.run(["attacklens-sensor", "uninstall"])).toMatchObject({ code: 0, stderr: "" });
    for (const path of [
      STATE,
      "usr/local/bin/attacklens-sensor",
      "etc/systemd/system/attacklens-sensor.service",
    ])
      expect(isOn(first, path)).toBe(false);
  },
  600_000,
);

test.skipIf(reason !== undefined || !LONG_TESTS).each([...RELEASES])(
  "on %s, clones of an image from a chroot wait for the server and for a valid token",
  async (release) => {
    await using opened = await open(release);
    const { installation, ada, token, host, prepare } = opened;
    await host.cutPower();
    const port = Number(new URL(installation.server.url).port);
    const chroot = 'mount -t proc proc "$0/proc" && mount -t devtmpfs dev "$0/dev" && exec chroot "$0" "$@"';
    const shell = ["unshare", "--mount", "sh", "-c", chroot, host.root, ...prepare];
    const built = await runCommand(shell, { stdin: token.value });
    expect(built).toMatchObject({ code: 0, stderr: "" });
    expect(built.stdout).toContain("done: this system is not booted; each machine that boots it enrolls");
    await installation.server.stop();
    await host.boot();
    await waitUntil("status shows that the server is away", async () =>
      /^Problem +http\S+: connection refused/m.test((await statusOf(host)).stdout),
    );
    expect((await statusOf(host)).code).toBe(4);
    await using _ = await startServer({
      dataDir: join(installation.folder, "server"),
      logFile: join(installation.folder, "server-2.log"),
      listen: `127.0.0.1:${port}`,
      environment: { ATTACKLENS_CHECK_IN_INTERVAL: "5" },
    });
    await waitUntil("the clone is online", async () => {
      const { items } = await ada.call(listSensors, {});
      return items.length === 1 && items[0]!.status === "online";
    });
    expect(isOn(host, SEALED)).toBe(false);

    expect(await host.run(["attacklens-sensor", "uninstall"])).toMatchObject({ code: 0 });
    await ada.call(revokeEnrollmentToken, { params: { id: token.id } });
    expect(await host.run(prepare, { stdin: token.value })).toMatchObject({ code: 0, stderr: "" });
    await host.cutPower();
    emptyMachineId(host.root);
    await host.boot();
    await waitUntil("status shows that the token is revoked", async () => (await statusOf(host)).code === 3);
    const { stdout } = await statusOf(host);
    expect(stdout).toMatch(/^Next step +create a new token .+; the sensor tries again automatically$/m);
    expect(isOn(host, SEALED)).toBe(true);
    const other = await createToken(ada, "Other");
    const install = [DOWNLOADED, "install", "--server", installation.server.url, "--token", "-"];
    expect(await host.run(install, { stdin: other.value })).toMatchObject({ code: 0, stderr: "" });
    expect(isOn(host, SEALED)).toBe(false);
  },
  600_000,
);

const EVERY_WRITE = ["mkdir", "chmod", "rename", "symlink", "fsync", "write", "unlink", "rmdir"];
const canKillAtWrites = reason === undefined && LONG_TESTS && traces;

test.skipIf(!canKillAtWrites)(
  `prepare-image, killed at any write, can be repeated${canKillAtWrites ? "" : " (skipped: needs LONG_TESTS=1 and strace)"}`,
  async () => {
    await using opened = await open("bookworm");
    const { ada, token, host, prepare } = opened;
    for (const call of EVERY_WRITE) {
      for (let nth = 1; nth < 60; nth++) {
        const killer = ["strace", "-f", "-o", "/dev/null", "-e", `trace=${call}`];
        killer.push("-e", `inject=${call}:signal=KILL:when=${nth}`);
        const first = await runCommand([...killer, ...host.command(prepare)], { stdin: token.value });
        const at = `${call} ${nth}`;
        const repeated = await host.run(prepare, { stdin: token.value });
        expect({ at, ...repeated }).toMatchObject({ at, code: 0, stderr: "" });
        const names = readdirSync(join(host.root, STATE)).sort();
        expect({ at, names }).toEqual({ at, names: ["sealed-token.json", "versions"] });
        expect(JSON.parse(readFileSync(join(host.root, SEALED), "utf8")).token).toBe(token.value);
        if (nth % 3 === 0) await host.run([DOWNLOADED, "uninstall"]);
        if (first.code === 0) break;
      }
    }
    expect(await ada.call(listSensors, {})).toMatchObject({ total: 0 });
  },
  1_800_000,
);
