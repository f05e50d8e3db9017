import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../testing/test-command.ts";
import { systemdUnit } from "./systemd-unit.ts";

/** The last value of each key. */
function keysOf(unit: string): Record<string, string> {
  const lines = unit.split("\n").filter((line) => /^\w+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.replace(/^\w+=/, "")]),
  );
}

const systemdAnalyze = Bun.which("systemd-analyze");
/** `--offline` exists since version 250. */
const canAnalyze =
  systemdAnalyze !== null &&
  /--offline/.test(Bun.spawnSync([systemdAnalyze, "--help"], { stdout: "pipe" }).stdout.toString());

test.skipIf(!canAnalyze).each([0, 252, 253, 257])(
  `the unit for systemd %d is exposed to 2.5 of 10 at most${canAnalyze ? "" : " (skipped: no systemd-analyze with --offline)"}`,
  (systemdVersion) => {
    for (const kind of [{ packaged: true }, { packaged: false }, { packaged: false, trial: true }]) {
      using folder = makeFolder();
      mkdirSync(folder.path, { recursive: true });
      const path = join(folder.path, "attacklens-sensor.service");
      writeFileSync(path, systemdUnit({ ...kind, systemdVersion }));
      const args = ["security", "--offline=true", "--no-pager", path];
      const { stdout } = Bun.spawnSync([`${systemdAnalyze}`, ...args], { stdout: "pipe", stderr: "ignore" });
      const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout.toString())?.[1];
      expect(Number(exposure)).toBeLessThanOrEqual(2.5);
    }
  },
);

test("the unit starts the program of the installation or of the package", () => {
  expect(keysOf(systemdUnit({ packaged: false })).ExecStart).toBe(
    "/var/lib/attacklens-sensor/versions/stable/attacklens-sensor run",
  );
  expect(keysOf(systemdUnit({ packaged: true })).ExecStart).toBe("/usr/bin/attacklens-sensor run");
  expect(keysOf(systemdUnit({ packaged: false, program: "/x/y" })).ExecStart).toBe("/x/y run");
  expect(systemdUnit({ packaged: true })).toMatch(/^# Belongs to the package/);
});

test("the unit runs with an identity, or with the sealed token of an image", () => {
  for (const packaged of [true, false])
    expect(
      systemdUnit({ packaged })
        .split("\n")
        .filter((line) => line.startsWith("Condition")),
    ).toEqual([
      "ConditionPathExists=|/var/lib/attacklens-sensor/identity.json",
      "ConditionPathExists=|/var/lib/attacklens-sensor/sealed-token.json",
    ]);
});

test("the unit has only keys that its systemd supports", () => {
  const older = keysOf(systemdUnit({ packaged: false, systemdVersion: 247 }));
  expect(older).toMatchObject({ Type: "exec", Restart: "always" });
  // A watchdog without notifications would kill the sensor.
  for (const key of ["OpenFile", "WatchdogSec", "NotifyAccess", "RestartSteps"])
    expect(older[key]).toBeUndefined();
  const { OOMPolicy, ...known } = older;
  expect(OOMPolicy).toBe("continue");
  expect(keysOf(systemdUnit({ packaged: false }))).toEqual(known);
  const newer = keysOf(systemdUnit({ packaged: false, systemdVersion: 257 }));
  expect(newer).toMatchObject({ Type: "notify", WatchdogSec: "10min", RestartMaxDelaySec: "5min" });
  expect(newer.OpenFile).toBe("/run/systemd/notify:notify");
  expect(newer.Environment).toBe("BUN_GC_TIMER_INTERVAL=3600000");
  expect(keysOf(systemdUnit({ packaged: false, systemdVersion: 253 })).RestartSteps).toBeUndefined();
});

test("every end of a trial starts the other unit, also after a restart of the host", () => {
  for (const systemdVersion of [247, 257]) {
    const unit = systemdUnit({ packaged: false, trial: true, systemdVersion });
    expect(keysOf(unit)).toMatchObject({
      Conflicts: "attacklens-sensor.service",
      OnFailure: "attacklens-sensor.service",
      Restart: "no",
      RuntimeMaxSec: "50min",
      ExecStopPost: "/bin/false",
      ExecStart: "/var/lib/attacklens-sensor/versions/trial/attacklens-sensor run",
    });
    expect(unit).toContain("\nAfter=attacklens-sensor.service\n");
    expect(unit).not.toContain("[Install]");
    // The rest is that of the other unit: a version that succeeds on trial runs there as well.
    const lines = systemdUnit({ packaged: false, systemdVersion }).split("\n");
    const missing = lines.filter((line) => !unit.includes(line));
    expect(missing.map((line) => line.split("=")[0])).toEqual([
      ...["ExecStart", "Restart", "RestartSec"],
      ...(systemdVersion < 254 ? [] : ["RestartSteps", "RestartMaxDelaySec"]),
      ...["[Install]", "WantedBy"],
    ]);
  }
});

test("the service can read all files and processes, and the host's name as it changes", () => {
  const keys = keysOf(systemdUnit({ packaged: false }));
  expect(keys.CapabilityBoundingSet).toBe("CAP_DAC_READ_SEARCH CAP_SYS_PTRACE");
  expect(keys).toMatchObject({
    MemoryDenyWriteExecute: "yes",
    StateDirectoryMode: "0700",
    ProtectHome: "read-only",
  });
  for (const key of ["ProtectHostname", "ProtectProc", "ProcSubset", "PrivateUsers"])
    expect(keys[key]).toBeUndefined();
});
