// With LONG_TESTS=1: releases that a sensor must not keep, and hosts on which an update is hard, under a real
// systemd. After each of them, the sensor is online, and the next good release installs.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { makePublisher } from "../../harness/publisher.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { reach, type Seen } from "../support/offering-server.ts";
import { whyNoSystemd } from "../support/systemd-host.ts";
import { openUpdateBench, STATE, type UpdateBench } from "../support/update-bench.ts";
import { updatePoints } from "../support/update-points.ts";
import { clockOffBy } from "../support/wrong-clock.ts";

const DAY_MS = 86_400_000;
const reason = LONG_TESTS ? whyNoSystemd() : "needs LONG_TESTS=1";
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
const TIMEOUT_MS = 600_000;
/** Good versions, between which the host goes to and fro. */
const [ONE, TWO] = ["9999.1.0", "9999.2.0"] as const;
/** Not a version: a package owns the program. */
const PACKAGED = "packaged";
/** A good program, whose requests the server may refuse. */
const REFUSED = "9999.3.0";

let bench: UpdateBench;
let stable: string = ONE;
let bad = 0;

const step = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);
const nextVersion = () => `9999.9.${++bad}`;
const other = () => (stable === ONE ? TWO : ONE);

/** The next good release installs. */
async function requireNextUpdate(): Promise<void> {
  const next = other();
  await bench.offerGood(next);
  await bench.waitForState(next, "done");
  await bench.waitForStable(next);
  stable = next;
}

/** Offers a program that is the shell text, and returns why it was rolled back. */
async function rollBack(run: string): Promise<string | undefined> {
  const version = nextVersion();
  bench.offer({ version, program: bench.bad(version, run) });
  return (await bench.waitForState(version, "rolled-back")).reason;
}

describe.skipIf(reason !== undefined)(`the sensor stays online${skipped}`, () => {
  beforeAll(async () => {
    bench = await openUpdateBench("bookworm", ONE, { limit: "6s" });
    await bench.waitForStable(ONE);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    bench.server.intercept = () => undefined;
    if (stable === PACKAGED) return;
    try {
      await bench.waitForStable(stable);
      expect((await bench.host.run(["systemctl", "is-system-running"])).stdout).toBe("running\n");
    } catch (error) {
      console.log(await bench.log());
      throw error;
    }
  }, TIMEOUT_MS);

  const distrusted: [name: string, make: (version: string) => void | Promise<void>, message: string][] = [
    [
      "with another hash",
      async (version) => {
        bench.offer({ version, program: await bench.good(TWO) });
        bench.server.releases.get(version)!.program = bench.bad(version, "exit 1");
      },
      "interrupted",
    ],
    [
      "whose bytes were changed",
      (version) => {
        bench.offer({ version, program: bench.bad(version, "exit 0") });
        const changed = `${bench.bad(version, "exit 0")}-changed`;
        writeFileSync(changed, "#!/bin/sh\n".padEnd(Bun.file(bench.bad(version, "exit 0")).size, "#"));
        bench.server.releases.get(version)!.program = changed;
      },
      "does not have the hash in the manifest",
    ],
    [
      "with a manifest that was changed",
      (version) => {
        bench.offer({ version, program: bench.bad(version, "exit 0") });
        bench.server.releases.get(version)!.release.manifest.counter += 1;
      },
      "the signature of its manifest does not match",
    ],
    [
      "of another publisher",
      (version) => {
        const program = bench.bad(version, "exit 0");
        bench.offer({ version, program });
        const release = makePublisher().sign({ version, counter: 999, program });
        bench.server.releases.set(version, { release, program });
      },
      "none of the trusted root keys signs it",
    ],
    [
      "that has expired",
      (version) =>
        bench.offer({
          ...{ version, program: bench.bad(version, "exit 0") },
          ...{ createdAt: Date.now() - 10 * DAY_MS, expiresAt: Date.now() - DAY_MS },
        }),
      "the release expired at",
    ],
    [
      "that is not valid yet",
      (version) =>
        bench.offer({ version, program: bench.bad(version, "exit 0"), createdAt: Date.now() + DAY_MS }),
      "the release is valid from",
    ],
    [
      "with an older counter",
      (version) => bench.offer({ version, program: bench.bad(version, "exit 0"), counter: 1 }),
      "was accepted before",
    ],
    [
      "for another system",
      (version) => bench.offer({ version, program: bench.bad(version, ""), target: "windows-x64" }),
      "has no program for linux-",
    ],
    [
      "for another CPU",
      (version) => {
        const program = `${bench.bad(version, "")}-arm64`;
        // e_machine of ELF: 183 is AArch64.
        const header = Buffer.alloc(64);
        header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
        header.set([2, 0, 183, 0, 1], 16);
        writeFileSync(program, header);
        bench.offer({ version, program });
      },
      "this host cannot run the new program",
    ],
    [
      "that cannot print its version",
      (version) => {
        const program = `${bench.bad(version, "")}-broken`;
        writeFileSync(program, "#!/bin/sh\necho no >&2; exit 4\n");
        bench.offer({ version, program });
      },
      "exit code 4",
    ],
  ];
  step("when one good release follows another", async () => {
    await requireNextUpdate();
    await requireNextUpdate();
  });

  test.each(distrusted)(
    "when a release is offered %s",
    async (_, make, message) => {
      const version = nextVersion();
      await make(version);
      const isAsExpected = (seen: Seen) =>
        seen.update?.attempt?.version === version && seen.update.attempt.reason?.includes(message) === true;
      const since = bench.server.checkIns.length;
      await waitUntil(`the sensor reports: ${message}`, () =>
        bench.server.checkIns.slice(since).some(isAsExpected),
      );
    },
    TIMEOUT_MS,
  );

  step("and the next good release installs", requireNextUpdate);

  step("when a version crashes, ends at once, or is killed", async () => {
    expect(await rollBack("exit 3")).toBe("it ended with exit code 3");
    expect(await rollBack("exit 0")).toBe("it ended with exit code 0");
    expect(await rollBack("kill -9 $$")).toBe("signal 9 ended it");
    await requireNextUpdate();
  });

  step("when a version hangs", async () => {
    expect(await rollBack("exec tail -f /dev/null")).toContain(`in time, and ${stable} can connect`);
    await requireNextUpdate();
  });

  step("when a version cannot connect", async () => {
    bench.server.intercept = ({ version }) =>
      version === REFUSED ? new Response("", { status: 503 }) : undefined;
    await bench.offerGood(REFUSED);
    const { reason } = await bench.waitForState(REFUSED, "rolled-back");
    expect(reason).toContain("its last problem: the server returned 503");
    bench.server.intercept = () => undefined;
    await requireNextUpdate();
  });

  step("when a version checks in, but gets no inventory accepted", async () => {
    let users = 0;
    let isChanged = false;
    bench.server.intercept = ({ path, version }) => {
      const isCheckIn = path.endsWith("/check-in");
      if (version !== REFUSED) {
        if (isCheckIn) isChanged = false;
        return undefined;
      }
      if (path.startsWith("/sensor/v1/inventory"))
        return new Response("", { status: 429, headers: { "retry-after": "1" } });
      if (!isCheckIn || isChanged) return undefined;
      // The server has the inventory of this host, so it changes after the first check-in.
      isChanged = true;
      const line = `u${++users}:x:${7_000 + users}:100::/:/bin/sh\n`;
      appendFileSync(join(bench.host.root, "etc/passwd"), line);
      return new Response("", { status: 503 });
    };
    bench.offer({ version: REFUSED, program: await bench.good(REFUSED), attempt: 2 });
    await bench.waitForState(REFUSED, "rolled-back");
    bench.server.intercept = () => undefined;
    await requireNextUpdate();
  });

  step("when the network is down during a trial, which counts for nothing", async () => {
    let trials = 0;
    let isDown = false;
    bench.server.intercept = ({ path, version }) => {
      if (version === REFUSED && path.endsWith("/check-in") && !isDown && trials === 0) {
        isDown = true;
        trials++;
      }
      return isDown ? new Response("", { status: 503 }) : undefined;
    };
    bench.offer({ version: REFUSED, program: await bench.good(REFUSED), attempt: 3 });
    await waitUntil("the earlier version is back, and cannot connect either", async () =>
      (await bench.log()).includes(`and ${stable} cannot connect either`),
    );
    isDown = false;
    await bench.waitForState(REFUSED, "done");
    stable = REFUSED;
    await bench.waitForStable(REFUSED);
    stable = TWO;
    await bench.offerGood(TWO);
    await bench.waitForState(TWO, "done");
  });

  step("when another release is offered during a trial", async () => {
    const [first, second] = [other(), REFUSED];
    const reached = reach(bench.server, { ...updatePoints(first)[4]! });
    await bench.offerGood(first);
    const go = await reached;
    bench.offer({ version: second, program: await bench.good(second), attempt: 4 });
    go();
    await bench.waitForState(first, "done");
    await bench.waitForState(second, "done");
    await bench.waitForStable(second);
    stable = TWO;
    await bench.offerGood(TWO);
    await bench.waitForState(TWO, "done");
  });

  step("when an operator installs another version during a trial", async () => {
    const reached = reach(bench.server, updatePoints(ONE)[4]!);
    await bench.offerGood(ONE);
    const go = await reached;
    bench.server.offer = undefined;
    bench.host.put(await bench.good(REFUSED), "/opt/attacklens-sensor");
    const installed = bench.host.run(["/opt/attacklens-sensor", "install"]);
    await waitUntil(
      "the version on trial is stopped",
      async () => (await bench.show("attacklens-sensor-trial", "ActiveState")) !== "active",
    );
    go();
    expect(await installed).toMatchObject({ code: 0, stderr: "" });
    await bench.waitForStable(REFUSED);
    stable = TWO;
    await bench.offerGood(TWO);
    await bench.waitForState(TWO, "done");
  });

  step("when an operator uninstalls and installs again during a trial", async () => {
    const reached = reach(bench.server, updatePoints(ONE)[4]!);
    await bench.offerGood(ONE);
    const go = await reached;
    bench.server.offer = undefined;
    const removed = bench.host.run(["/opt/attacklens-sensor", "uninstall", "--keep-identity"]);
    await waitUntil(
      "the version on trial is stopped",
      async () => (await bench.show("attacklens-sensor-trial", "ActiveState")) !== "active",
    );
    go();
    expect(await removed).toMatchObject({ code: 0, stderr: "" });
    expect((await bench.host.run(["sh", "-c", "pgrep -x attacklens-sens || true"])).stdout).toBe("");
    bench.host.put(await bench.good(TWO), "/opt/attacklens-sensor");
    expect(await bench.host.run(["/opt/attacklens-sensor", "install"])).toMatchObject({ code: 0 });
    await bench.waitForStable(TWO);
    await requireNextUpdate();
  });

  test.each([-3650, 3650])(
    "when the host's clock is %d days off",
    async (days) => {
      const { LD_PRELOAD = "", FAKETIME } = await clockOffBy(days);
      mkdirSync(dirname(join(bench.host.root, LD_PRELOAD)), { recursive: true });
      copyFileSync(LD_PRELOAD, join(bench.host.root, LD_PRELOAD));
      await bench.configure("clock", `Environment=LD_PRELOAD=${LD_PRELOAD} FAKETIME=${FAKETIME}`);
      await bench.host.run(["systemctl", "restart", "attacklens-sensor"]);
      await requireNextUpdate();
      const version = nextVersion();
      const times = { createdAt: Date.now() - 10 * DAY_MS, expiresAt: Date.now() - DAY_MS };
      bench.offer({ version, program: bench.bad(version, ""), ...times });
      expect((await bench.waitForState(version, "failed")).reason).toContain("the release expired at");
      await bench.configure("clock", "");
      await bench.host.run(["systemctl", "restart", "attacklens-sensor"]);
      await requireNextUpdate();
    },
    TIMEOUT_MS,
  );

  step("when the root key replaces the release key", async () => {
    const version = nextVersion();
    const stolen = bench.publisher.sign({ version, counter: 9_000, program: bench.bad(version, "exit 0") });
    bench.publisher.rotateReleaseKey();
    await requireNextUpdate();
    bench.server.releases.set(version, { release: stolen, program: bench.bad(version, "exit 0") });
    bench.server.offer = { version, attempt: 1 };
    const { reason } = await bench.waitForState(version, "failed");
    expect(reason).toContain("its serial of the release keys is 1, and 2 was accepted before");
    await requireNextUpdate();
  });

  step("when the disk is full before and during the download", async () => {
    const { host } = bench;
    const sh = async (text: string) => {
      const { code, stderr } = await host.run(["sh", "-ec", text]);
      if (code !== 0) throw new Error(stderr);
    };
    // A separate disk for the programs, with room for the stable version only.
    const versions = `${STATE}/versions`;
    await sh(`systemctl stop attacklens-sensor; mkdir -p /mnt/e; cd ${versions}; cp -a stable "$(readlink stable)" /mnt/e/; cd /
      mount -t tmpfs -o size=200m,mode=755 d ${versions}; cp -a /mnt/e/. ${versions}; rm -r /mnt/e
      systemctl start attacklens-sensor`);
    const next = other();
    await bench.offerGood(next);
    expect((await bench.waitForState(next, "failed")).reason).toMatch(
      / MB free, and the update needs \d+ MB$/,
    );
    await bench.waitForStable(stable);

    await sh(`mount -o remount,size=400m ${versions}`);
    const reached = reach(bench.server, updatePoints(next)[1]!);
    bench.offer({ version: next, program: await bench.good(next), attempt: 2 });
    const go = await reached;
    await sh(`dd if=/dev/zero of=${versions}/filler bs=1M 2>/dev/null || true`);
    go();
    expect((await bench.waitForState(next, "failed")).reason).toContain("no space left on the device");
    await sh(`test ! -e ${versions}/${next}/attacklens-sensor.part; rm ${versions}/filler`);
    await bench.waitForStable(stable);

    bench.offer({ version: next, program: await bench.good(next), attempt: 3 });
    await bench.waitForState(next, "done");
    stable = next;
  });

  step("when its programs are on a read-only file system", async () => {
    const versions = `${STATE}/versions`;
    const since = bench.server.checkIns.length;
    const readOnly = "mount --bind $0 $0; mount -o remount,ro,bind $0; systemctl restart attacklens-sensor";
    await bench.host.run(["sh", "-ec", readOnly, versions]);
    await waitUntil("the sensor reports an immutable host", () =>
      bench.server.checkIns.slice(since).some(({ update }) => update?.method === "immutable"),
    );
    await bench.waitForStable(stable);
    const writable = "systemctl stop attacklens-sensor; umount $0; systemctl start attacklens-sensor";
    expect(await bench.host.run(["sh", "-ec", writable, versions])).toMatchObject({ code: 0, stderr: "" });
    await requireNextUpdate();
  });

  step("and stays as it is when a package owns it", async () => {
    const { host, server } = bench;
    const program = "/usr/bin/attacklens-sensor";
    host.put(await bench.good(stable), program);
    const unit = await host.run([program, "service", "definition", "--packaged"]);
    writeFileSync(join(host.root, "usr/lib/systemd/system/attacklens-sensor.service"), unit.stdout);
    // The package takes the place of the installed program, which may be on a separate disk by now.
    const unmount = "systemctl stop attacklens-sensor; mountpoint -q $0 && umount $0; true";
    await host.run(["sh", "-c", unmount, `${STATE}/versions`]);
    expect(await host.run([program, "install"])).toMatchObject({ code: 0, stderr: "" });
    await bench.offerGood(other());
    const since = server.checkIns.length;
    await waitUntil("it has checked in three times", () => server.checkIns.length > since + 3);
    const seen = server.checkIns.slice(since);
    expect(new Set(seen.map(({ version }) => version))).toEqual(new Set([stable]));
    const status = await host.run([program, "status"]);
    expect(status.stdout).toMatch(/^Updates +by the package manager of this host$/m);
    expect((await host.run(["systemctl", "cat", "attacklens-sensor-trial"])).code).not.toBe(0);
    const methods = server.checkIns.flatMap(({ update }) => update?.method ?? []);
    expect(methods.at(-1)).toBe("package-manager");
    stable = PACKAGED;
  });
});
