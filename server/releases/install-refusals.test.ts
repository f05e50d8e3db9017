// install.sh on hosts where something is wrong: it ends with one sentence and a hint, runs nothing and leaves
// nothing. And on unusual hosts, where it works.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { shellInstallCommand } from "@attacklens/protocol/releases/install-command.ts";
import { openConnectProxy } from "../../harness/connect-proxy.ts";
import { findOrInstall } from "../../harness/debian.ts";
import { issue, makeAuthority } from "../certificates/x509.ts";
import { openListener } from "../http/listener.ts";
import {
  CAN_INSTALL,
  expectRefusal,
  type Host,
  type InstallServer,
  openInstallServer,
  PROGRAM,
  runOnHost,
  TARGET,
} from "../testing/install-host.ts";

let server: InstallServer;

beforeAll(async () => {
  if (CAN_INSTALL) server = await openInstallServer();
}, 60_000);

afterAll(async () => await server?.[Symbol.asyncDispose]());

const runOn = (host: Omit<Host, "shell">) => runOnHost(server, { shell: ["sh"], ...host });

describe.skipIf(!CAN_INSTALL)("install.sh ends with a sentence and a hint", () => {
  test.each([
    ["as another user than root", { isUser: true }, "must run as root"],
    [
      "without a server",
      { args: [], script: () => server.script.replace(/default_server='.*'/, "default_server=''") },
      "no server was given",
    ],
    ["with plain HTTP", { args: ["--server", "http://10.0.0.1"] }, "is not an https:// address"],
    ["with an option without its value", { args: ["--server"] }, "--server needs a value"],
    ["on another system", { programs: { uname: "echo FreeBSD" } }, "There is no program for FreeBSD"],
    [
      "on another CPU",
      { programs: { uname: "case $1 in -s) echo Linux ;; *) echo riscv64 ;; esac" } },
      "There is no program for the CPU type riscv64",
    ],
    ["with an old glibc", { programs: { getconf: "echo glibc 2.12" } }, "This system has glibc 2.12"],
    [
      "without a service manager",
      { without: ["rc-service"], mounts: "mount -t tmpfs tmpfs /run" },
      "needs systemd or OpenRC",
    ],
    [
      "with a clock before the release",
      { programs: { date: "case $1 in +%s) echo 1000 ;; *) echo 1970-01-01 ;; esac" } },
      /clock says 1970-01-01 UTC, before this release/,
    ],
    [
      "without curl and wget",
      { without: ["curl"], mounts: "mount -t tmpfs tmpfs /usr/lib/apt" },
      "neither curl nor wget",
    ],
    [
      "on a full disk",
      { mounts: "mount -t tmpfs -o size=1m tmpfs /var/lib" },
      "the file system of /var/lib is full",
    ],
    [
      "on a disk that fills up",
      { mounts: "mount -t tmpfs -o size=4k tmpfs /var/lib", programs: { df: "echo x 1 1 999999999" } },
      "the file system of /var/lib is full",
    ],
    [
      "on a read-only system",
      { mounts: "mount -t tmpfs -o ro tmpfs /var/lib" },
      "nothing can be written to /var/lib",
    ],
    [
      "where programs may not run",
      { mounts: "mount -t tmpfs -o noexec tmpfs /var/lib" },
      /does not let programs in \/var\/lib run.*noexec/,
    ],
    [
      "where SELinux forbids it",
      { mounts: "mount -t tmpfs -o noexec tmpfs /var/lib", programs: { getenforce: "echo Enforcing" } },
      "SELinux does not let programs in /var/lib run",
    ],
    ["on a CPU that the check did not know", { environment: { START_SIGNAL: "ILL" } }, "lacks instructions"],
    ["when the program does not start", { environment: { START_CODE: "3" } }, "the sensor does not start"],
    [
      "when the server is down",
      { args: ["--server", "https://127.0.0.1:1", "--token-file", "t"] },
      "https://127.0.0.1:1 cannot be reached",
    ],
  ] as [string, Omit<Host, "script"> & { script?: () => string }, string | RegExp][])(
    "%s",
    async (_, host, sentence) => {
      expectRefusal(await runOn({ ...host, script: host.script?.() }), sentence);
    },
  );

  test("when the certificate is another CA's", async () => {
    const { certificate } = await makeAuthority(Date.now());
    const other = server.script.replace(/server_ca='[^']+'/, `server_ca='${certificate}'`);
    for (const programs of [{}, { wget: Bun.which("wget")! }] as Record<string, string>[]) {
      const outcome = await runOn({ script: other, programs, without: "wget" in programs ? ["curl"] : [] });
      expectRefusal(outcome, /certificate of .* is not trusted. This host's clock says/);
    }
  });

  test("when the wget of busybox cannot download", async () => {
    const busybox = await findOrInstall("busybox");
    const programs = { wget: `exec ${busybox} wget "$@"` };
    const args = ["--server", "https://127.0.0.1:1", "--token-file", "t"];
    expectRefusal(
      await runOn({ without: ["curl"], programs, args }),
      "Install curl, for example with apk add",
    );
  });

  test("when the release has no program for this host, or was removed since", async () => {
    const without = server.script.replaceAll(/^ {2}programs='.*'$/gm, "  programs=''");
    expectRefusal(
      await runOn({ script: without }),
      /the server has no sensor for linux-\w+ in release 2026.11.0/,
    );
    const older = server.script.replace("release_version='2026.11.0'", "release_version='2026.10.0'");
    expectRefusal(await runOn({ script: older }), "refused the download");
  });

  test("when the server has too many downloads", async () => {
    const programs = { curl: "printf '000 429'; exit 22" };
    expectRefusal(await runOn({ programs }), "is busy: it replied with status 429");
  });

  test("when the proxy refuses", async () => {
    await using proxy = await openConnectProxy({ credentials: { user: "u", password: "right" } });
    const outcome = await runOn({
      args: [
        "--server",
        server.url,
        "--proxy",
        `http://u:wrong@127.0.0.1:${proxy.port}`,
        "--token-file",
        "t",
      ],
    });
    expectRefusal(outcome, "the proxy refused the connection to");
    expect(outcome.output).toContain("status 407");
    expect(outcome.output).not.toContain("wrong");
  });
});

describe.skipIf(!CAN_INSTALL)("nothing of an attacker in the network runs", () => {
  test("who replaces the CA", async () => {
    // Whatever is fetched as ca.pem has one byte more.
    const curl = `set -e\n${Bun.which("curl")} "$@" || exit\ncase "$*" in *-fsSk*) echo >>"$3" ;; esac`;
    const command = shellInstallCommand(server.target, { options: "--token-file t" });
    const outcome = await runOn({ command, input: "", programs: { curl } });
    expect(outcome.output).toContain("ca.pem: FAILED");
    expect(outcome.installed).toBeUndefined();
  });

  test("who passes on the CA, and shows a certificate of another one", async () => {
    const certificate = await issue(await makeAuthority(Date.now()), ["127.0.0.1"], [], Date.now());
    const asked: string[] = [];
    const listener = openListener({
      ...{ hostname: "127.0.0.1", port: 0, certificate },
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        asked.push(pathname);
        if (pathname === "/install.sh") return new Response("echo evil; mkdir $RECORD/arguments");
        return await fetch(server.loopback + pathname + search, { tls: { rejectUnauthorized: false } });
      },
    });
    try {
      const target = { ...server.target, server: listener.url };
      const outcome = await runOn({ command: shellInstallCommand(target), input: "" });
      expect(outcome.output).toContain("ca.pem: OK");
      expect(outcome.output).not.toContain("evil");
      expect(asked).toEqual(["/download/ca.pem"]);
    } finally {
      await listener.stop();
    }
  });
});

describe.skipIf(!CAN_INSTALL)("install.sh also works", () => {
  test("through a proxy that asks for a password, which is in no argument but the sensor's", async () => {
    await using proxy = await openConnectProxy({ credentials: { user: "u", password: "p" } });
    const address = `http://u:p@127.0.0.1:${proxy.port}`;
    const curl = `case "$*" in *u:p@*) exit 99 ;; esac\nexec ${Bun.which("curl")} "$@"`;
    // The name is known to the proxy only.
    const { url } = server;
    const args = ["--server", url, "--proxy", address, "--token-file", "t"];
    const outcome = await runOn({ args, programs: { curl } });
    expect(outcome.installed).toEqual(["install", ...args, "--ca-pin", server.target.caPin]);
    expect(proxy.tunnels).toEqual([`attacklens.test:${new URL(server.url).port}`]);
  });

  test("with the wget of busybox, which knows no private CA: the hash protects the program", async () => {
    const busybox = await findOrInstall("busybox");
    const outcome = await runOn({ without: ["curl"], programs: { wget: `exec ${busybox} wget "$@"` } });
    expect(outcome.installed?.[0]).toBe("install");
  });

  test("with the server's own address, a slash at the end, and options with =", async () => {
    await using proxy = await openConnectProxy();
    const environment = { https_proxy: proxy.url };
    const byDefault = await runOn({ args: ["--token-file=t"], environment });
    const { url } = server;
    expect(byDefault.installed).toEqual([
      "install",
      "--token-file=t",
      "--server",
      url,
      "--ca-pin",
      server.target.caPin,
    ]);
    const given = await runOn({
      args: [`--server=${server.loopback}/`, `--ca-pin=${server.target.caPin}`, "--token-file=t"],
    });
    expect(given.installed).toEqual([
      "install",
      `--server=${server.loopback}/`,
      `--ca-pin=${server.target.caPin}`,
      "--token-file=t",
    ]);
  });

  test("on a system with musl, with the build for it", async () => {
    const musl = `${PROGRAM}-musl`;
    const other = server.script.replace(
      new RegExp(`${TARGET} (\\d+ [0-9a-f]+) ${PROGRAM}`),
      `${TARGET}-musl $1 ${PROGRAM}`,
    );
    expect(other).toContain("-musl");
    const cpu = process.arch === "arm64" ? "aarch64" : "x86_64";
    const mounts = `mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w
touch /mnt/u/ld-musl-${cpu}.so.1 /mnt/u/libstdc++.so.6
mount -t overlay overlay -o lowerdir=/usr/lib,upperdir=/mnt/u,workdir=/mnt/w /usr/lib`;
    const programs = { getconf: "exit 1", ldd: "echo 'musl libc (x86_64)' >&2; exit 1" };
    const outcome = await runOn({ script: other, mounts, programs });
    expect(outcome.output).toContain(`for ${TARGET}-musl`);
    expect([musl, outcome.installed?.[0]]).toEqual([musl, "install"]);
  });

  test("and passes on the exit code of the sensor", async () => {
    expect((await runOn({ environment: { INSTALL_CODE: "11" } })).code).toBe(11);
  });
});
