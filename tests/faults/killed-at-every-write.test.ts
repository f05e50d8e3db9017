// Kills the built sensor with SIGKILL at each of its writes, one run per write. The same command then
// continues from the state on the disk and on the server. strace(1) kills it when it enters the system call.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { getEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { getSensor, listSensors } from "@attacklens/protocol/sensors.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { runSensor } from "../../harness/programs.ts";
import { type Installation, openInstallation, type User } from "../support/installation.ts";
import { CALLS, killAtEach, leftOver, SHORT_KINDS, traces } from "../support/kill-at-each.ts";
import { createToken, reportOnce } from "../support/sensors.ts";
import { onSmallHost } from "../support/small-host.ts";

/** At least one for each kind of call. */
const FEWEST_KILLS = LONG_TESTS ? CALLS.length : SHORT_KINDS;
const skipped = traces ? "" : " (skipped: strace cannot trace here)";

async function enrolled(installation: Installation, value: string, name: string) {
  const stateDir = join(installation.folder, name);
  const args = [
    "enroll",
    "--server",
    installation.server.url,
    "--token",
    "-",
    "--state",
    stateDir,
    ...onSmallHost(installation.folder),
  ];
  return { stateDir, args, result: () => runSensor(args, { stdin: value }) };
}

async function open() {
  const installation = await openInstallation({ database: "sqlite", keyMaxAgeDays: 0.000_001 });
  const ada: User = await installation.createSuperAdmin();
  return { installation, ada, ...(await createToken(ada, "Killed")) };
}

test.skipIf(!traces)(
  `a sensor killed at any write of its enrollment is enrolled once and uses the token once${skipped}`,
  async () => {
    const { installation: opened, ada, id, value } = await open();
    await using installation = opened;
    const kills = await killAtEach(
      async (kill) => ({ args: (await enrolled(installation, value, `s${kill}`)).args, stdin: value }),
      async (kill) => {
        const { stateDir, result } = await enrolled(installation, value, `s${kill}`);
        expect(await result()).toMatchObject({ code: 0, stderr: "" });
        expect(leftOver(stateDir)).toEqual([]);
      },
    );
    expect(kills).toBeGreaterThanOrEqual(FEWEST_KILLS);
    expect(await ada.call(listSensors, { query: { limit: 200 } })).toMatchObject({ total: kills });
    const token = await ada.call(getEnrollmentToken, { params: { id } });
    expect(token).toMatchObject({ enrolledSensors: kills, refusedAttempts: 0 });
  },
  300_000,
);

test.skipIf(!traces)(
  `a sensor killed at any write of a report or of a key rotation keeps its identity${skipped}`,
  async () => {
    const { installation: opened, ada, value } = await open();
    await using installation = opened;
    const { stateDir, result } = await enrolled(installation, value, "sensor");
    await result();
    const { items } = await ada.call(listSensors, {});
    const sensorId = items[0]!.id;
    const keys = new Set<string>();
    const kills = await killAtEach(
      async () => ({ args: ["run", "--once", "--state", stateDir, ...onSmallHost(installation.folder)] }),
      async (_, call) => {
        const again = await reportOnce(stateDir);
        expect({ call, code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
        expect(leftOver(stateDir)).toEqual([]);
        keys.add((await ada.call(getSensor, { params: { id: sensorId } })).fingerprint);
      },
    );
    expect(kills).toBeGreaterThanOrEqual(FEWEST_KILLS);
    expect(keys.size).toBeGreaterThanOrEqual(FEWEST_KILLS);
    const sensor = await ada.call(getSensor, { params: { id: sensorId } });
    expect(sensor).toMatchObject({ status: "online", clones: [] });
    expect(await ada.call(listSensors, {})).toMatchObject({ total: 1 });
    const missing = sensor.inventory.filter(({ status }) => status === "waiting" || status === "failed");
    expect(missing).toEqual([]);
  },
  300_000,
);
