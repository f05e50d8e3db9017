// With LONG_TESTS=1: updates where systemd is not the service manager. The stable version is the parent of
// the one on trial, under the real supervise-daemon of OpenRC.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { reach } from "../support/offering-server.ts";
import { openOpenrc } from "../support/openrc-host.ts";
import { whyNoSystemd } from "../support/systemd-host.ts";
import { openUpdateBench, STATE, type UpdateBench } from "../support/update-bench.ts";
import { updatePoints } from "../support/update-points.ts";

const reason = LONG_TESTS ? whyNoSystemd() : "needs LONG_TESTS=1";
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
const TIMEOUT_MS = 600_000;
const [ONE, TWO, BAD] = ["9999.1.0", "9999.2.0", "9999.3.0"] as const;

let bench: UpdateBench;
const step = (name: string, run: () => Promise<void>) => test(name, run, TIMEOUT_MS);

/** The processes of the sensor, by the version that they run. */
async function processes(): Promise<{ pid: number; version: string }[]> {
  const list = `for p in /proc/[0-9]*; do echo "$p $(readlink $p/exe)"; done`;
  const { stdout } = await bench.host.run(["sh", "-c", list]);
  const found = stdout.matchAll(new RegExp(`^/proc/(\\d+) ${STATE}/versions/([\\d.]+)/`, "gm"));
  return [...found].map(([, pid, version]) => ({ pid: Number(pid), version: version! }));
}

async function killProcess(version: string): Promise<void> {
  const found = (await processes()).find((one) => one.version === version);
  await bench.host.run(["kill", "-9", `${found!.pid}`]);
}

/** Offers the version and returns when it is on trial, with its first check-in held. */
async function untilTrial(version: string): Promise<() => void> {
  const reached = reach(
    bench.server,
    updatePoints(version).find(({ name }) => name === "at the first check-in")!,
  );
  await bench.offerGood(version);
  return await reached;
}

describe.skipIf(reason !== undefined)(`under OpenRC${skipped}`, () => {
  beforeAll(async () => {
    bench = await openUpdateBench("bookworm", ONE, { adapt: openOpenrc });
    await bench.waitForStable(ONE);
  }, TIMEOUT_MS);
  afterAll(async () => {
    if (reason !== undefined) return;
    console.log((await bench.host.run(["sh", "-c", "cat /var/log/attacklens-sensor.log*"])).stdout);
    await bench[Symbol.asyncDispose]();
  });

  step("a version that succeeds stays", async () => {
    const go = await untilTrial(TWO);
    expect((await processes()).map(({ version }) => version).sort()).toEqual([ONE, TWO]);
    go();
    await bench.waitForState(TWO, "done");
    await bench.waitForStable(TWO);
    expect((await processes()).map(({ version }) => version)).toEqual([TWO]);
    expect(await bench.linkOf("previous")).toBe(ONE);
  });

  step("a version that crashes does not stay", async () => {
    bench.offer({ version: BAD, program: bench.bad(BAD, "exit 5") });
    const { reason } = await bench.waitForState(BAD, "rolled-back");
    expect(reason).toBe("it ended with exit code 5");
    await bench.waitForStable(TWO);
  });

  step("the version on trial ends with its parent, and the supervisor starts the stable one", async () => {
    const go = await untilTrial(ONE);
    await killProcess(TWO);
    await waitUntil("both have ended, or the stable one runs again", async () => {
      const running = await processes();
      return running.every(({ version }) => version === TWO);
    });
    go();
    await bench.waitForState(ONE, "done");
    await bench.waitForStable(ONE);
  });

  step("a version on trial that is killed is tried again", async () => {
    const go = await untilTrial(TWO);
    await killProcess(TWO);
    go();
    await bench.waitForState(TWO, "done");
    await bench.waitForStable(TWO);
  });

  step("an uninstallation during a trial leaves no process", async () => {
    const go = await untilTrial(ONE);
    const removed = bench.host.run(["/opt/attacklens-sensor", "uninstall"]);
    await waitUntil("both have ended", async () => (await processes()).length === 0);
    go();
    expect(await removed).toMatchObject({ code: 0, stderr: "" });
    expect((await bench.host.run(["ls", STATE])).code).not.toBe(0);
  });
});
