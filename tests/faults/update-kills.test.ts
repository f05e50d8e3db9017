// With LONG_TESTS=1: updates under a real systemd, interrupted at each point and at each write: by kill -9 of
// the sensor, and by a power failure. Each update goes to the other one of two versions, by a manifest that
// was signed later.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { traces } from "../support/kill-at-each.ts";
import { type Point, reach } from "../support/offering-server.ts";
import { whyNoSystemd } from "../support/systemd-host.ts";
import { openUpdateBench, STATE, type UpdateBench } from "../support/update-bench.ts";
import { updatePoints } from "../support/update-points.ts";

const VERSIONS = ["9999.1.0", "9999.2.0"] as const;
const FAULTS = ["kill", "power"] as const;
type Fault = (typeof FAULTS)[number];
const reason = LONG_TESTS ? whyNoSystemd() : "needs LONG_TESTS=1";
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;

/** Where the sensor changes links and records: the reply is held until its writes are traced. */
const TRACED = ["before the trial", "during the promotion"];
const WRITES = ["symlink", "rename", "fsync", "unlink", "rmdir", "mkdir"];
const MOST_WRITES = 30;

interface Run {
  bench: UpdateBench;
  /** The other one of the two versions. */
  to: string;
  fault: Fault;
}

async function mainProcess({ host, show }: UpdateBench): Promise<number> {
  return await waitUntil("the sensor runs", async () => {
    const units = ["attacklens-sensor", "attacklens-sensor-trial"] as const;
    const pids = await Promise.all(units.map((unit) => show(unit, "MainPID")));
    const pid = pids.map(Number).find((one) => one > 0);
    return pid === undefined ? undefined : host.findProcess(pid);
  });
}

/** Whatever happened, the sensor is online, and updates to the version in the end. */
async function requireUpdated({ bench, to }: Run, at: string): Promise<void> {
  try {
    await bench.waitForStable(to);
    const isQuiet = async () =>
      (await bench.linkOf("trial")) === undefined &&
      (await bench.host.run(["systemctl", "is-system-running"])).stdout === "running\n";
    await waitUntil("nothing of the update is left", isQuiet);
  } catch (error) {
    throw new Error(`${at}: ${(error as Error).message}\n${await bench.log()}`);
  }
}

async function strike({ bench, fault }: Run, pid?: number): Promise<void> {
  if (fault === "power") {
    await bench.host.cutPower();
    await bench.host.boot();
  } else process.kill(pid ?? (await mainProcess(bench)), "SIGKILL");
}

async function interruptAt(run: Run, point: Point): Promise<void> {
  const { bench, to } = run;
  const reached = reach(bench.server, point);
  await bench.offerGood(to);
  const go = await reached;
  await strike(run);
  go();
  await requireUpdated(run, `${run.fault} ${point.name}`);
}

/** Returns whether the process made so many calls after the reply at the point. */
async function interruptAtWrite(run: Run, name: string, call: string, nth: number): Promise<boolean> {
  const { bench, to, fault } = run;
  const point = updatePoints(to).find((one) => one.name === name)!;
  const reached = reach(bench.server, { ...point, when: "before" });
  await bench.offerGood(to);
  const go = await reached;
  const pid = await mainProcess(bench);
  // A stopped process stays as it was until the power fails.
  const signal = fault === "kill" ? "KILL" : "STOP";
  using folder = openTemporaryFolder("trace");
  const trace = join(folder.path, "trace");
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=${signal}:when=${nth}`];
  const tracer = Bun.spawn(["strace", "-f", "-p", `${pid}`, "-o", trace, ...inject], {
    stderr: "pipe",
    stdout: "ignore",
  });
  // It says that it has attached.
  await tracer.stderr.getReader().read();
  go();
  const isStruck = () => /killed by SIGKILL|stopped by SIGSTOP/.test(readFileSync(trace, "utf8"));
  await waitUntil("the process is struck, or has ended", () => tracer.exitCode !== null || isStruck());
  const isHit = isStruck();
  if (fault === "power" && isHit) await strike(run);
  await tracer.exited;
  await requireUpdated(run, `${fault} ${name}, ${call} ${nth}`);
  return isHit;
}

test.skipIf(reason !== undefined).each([...FAULTS])(
  `a %s failure at each point of an update loses no sensor${skipped}`,
  async (fault) => {
    await using bench = await openUpdateBench("bookworm", VERSIONS[0]);
    await bench.waitForStable(VERSIONS[0]);
    let at = 0;
    for (const [index, { name }] of updatePoints("").entries()) {
      // The program of the previous version is there already, so it would not be downloaded.
      if (name.endsWith("the download"))
        await bench.host.run(["rm", `${STATE}/versions/previous/attacklens-sensor`]);
      at = 1 - at;
      const to = VERSIONS[at]!;
      await interruptAt({ bench, to, fault }, updatePoints(to)[index]!);
    }
  },
  1_800_000,
);

test
  .skipIf(reason !== undefined || !traces)
  .each(FAULTS.flatMap((fault) => TRACED.map((name) => [fault, name] as const)))(
  `a %s failure at each write %s loses no sensor${skipped}`,
  async (fault, name) => {
    await using bench = await openUpdateBench("bookworm", VERSIONS[0]);
    await bench.waitForStable(VERSIONS[0]);
    let at = 0;
    let hits = 0;
    for (const call of WRITES) {
      for (let nth = 1; nth < MOST_WRITES; nth++) {
        at = 1 - at;
        if (!(await interruptAtWrite({ bench, to: VERSIONS[at]!, fault }, name, call, nth))) break;
        hits++;
      }
    }
    console.log(`${fault} ${name}: ${hits} writes`);
    expect(hits).toBeGreaterThan(4);
  },
  1_800_000,
);
