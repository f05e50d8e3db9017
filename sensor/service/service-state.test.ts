// The output of each service manager, as it prints it.
import { expect, test } from "bun:test";
import { parseLaunchdState } from "./launchd.ts";
import { parseOpenrcState } from "./openrc.ts";
import { parseSystemdState } from "./systemd.ts";
import { parseTaskState } from "./task-scheduler.ts";

const show = (values: Record<string, string>) =>
  Object.entries({
    LoadState: "loaded",
    ActiveState: "active",
    SubState: "running",
    Result: "success",
    UnitFileState: "enabled",
    MainPID: "82",
    ExecMainCode: "0",
    ExecMainStatus: "0",
    ...values,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

test("systemd: each state of a unit", () => {
  expect(parseSystemdState(show({}))).toEqual({ is: "running", startsAtBoot: true, processId: 82 });
  const missing = { LoadState: "not-found", ActiveState: "inactive", SubState: "dead", MainPID: "0" };
  expect(parseSystemdState(show({ ...missing, UnitFileState: "" }))).toEqual({
    is: "missing",
    startsAtBoot: false,
    processId: undefined,
  });
  const masked = { ...missing, LoadState: "masked", UnitFileState: "masked" };
  expect(parseSystemdState(show(masked))).toMatchObject({ is: "masked", startsAtBoot: false });
  // Without a running systemd, systemctl prints nothing.
  expect(parseSystemdState("").is).toBe("missing");
  expect(parseSystemdState(show({ ActiveState: "inactive", SubState: "dead", MainPID: "0" })).is).toBe(
    "stopped",
  );
  expect(parseSystemdState(show({ ActiveState: "activating", SubState: "start" })).is).toBe("starting");
  expect(parseSystemdState(show({ UnitFileState: "disabled" })).startsAtBoot).toBe(false);
  expect(parseSystemdState(show({ UnitFileState: "enabled-runtime" })).startsAtBoot).toBe(true);
});

test("systemd: why a unit ended", () => {
  const restarting = {
    ActiveState: "activating",
    SubState: "auto-restart",
    Result: "exit-code",
    MainPID: "0",
  };
  expect(parseSystemdState(show({ ...restarting, ExecMainCode: "1", ExecMainStatus: "203" }))).toEqual({
    is: "restarting",
    startsAtBoot: true,
    processId: undefined,
    lastEnd: "exit code 203",
    exitCode: 203,
  });
  const killed = { ...restarting, Result: "signal", ExecMainCode: "2", ExecMainStatus: "9" };
  expect(parseSystemdState(show(killed))).toMatchObject({ lastEnd: "signal 9", exitCode: undefined });
  const hung = { ...restarting, Result: "watchdog", ExecMainCode: "3", ExecMainStatus: "6" };
  expect(parseSystemdState(show(hung)).lastEnd).toBe("the watchdog");
  expect(parseSystemdState(show({ ActiveState: "failed", SubState: "failed", MainPID: "0" })).is).toBe(
    "failed",
  );
});

test("OpenRC: each state of a service", () => {
  const levels = "            attacklens-sensor | default\n                  sshd | default\n";
  const state = (code: number, stdout: string, reason = stdout, shown = levels) =>
    parseOpenrcState({ code, stdout, reason }, shown);
  expect(state(0, " * status: started\n")).toEqual({ is: "running", startsAtBoot: true });
  expect(state(3, " * status: stopped\n")).toEqual({ is: "stopped", startsAtBoot: true });
  expect(state(32, " * status: crashed\n").is).toBe("failed");
  expect(state(8, " * status: starting\n").is).toBe("starting");
  expect(state(1, "", " * rc-service: service `attacklens-sensor' does not exist")).toEqual({
    is: "missing",
    startsAtBoot: false,
  });
  expect(state(0, " * status: started\n", "", "  attacklens-sensor-trial | default\n").startsAtBoot).toBe(
    false,
  );
});

test("launchd: each state of a service", () => {
  const running = `system/com.attacklens.sensor = {
	active count = 1
	path = /Library/LaunchDaemons/com.attacklens.sensor.plist
	type = LaunchDaemon
	state = running
	program = /Library/Application Support/AttackLens/Sensor/versions/stable/attacklens-sensor
	runs = 1
	pid = 412
	last exit code = (never exited)
}
`;
  expect(parseLaunchdState(running)).toEqual({ is: "running", startsAtBoot: true, processId: 412 });
  const ended = running
    .replace("state = running", "state = spawn scheduled")
    .replace("\tpid = 412\n", "")
    .replace("(never exited)", "5");
  expect(parseLaunchdState(ended)).toMatchObject({ is: "restarting", exitCode: 5, lastEnd: "exit code 5" });
  expect(parseLaunchdState(running.replace("state = running", "state = not running")).is).toBe("stopped");
});

test("Task Scheduler: each state of a task", () => {
  expect(parseTaskState("4 267009\r\n")).toEqual({ is: "running", startsAtBoot: true });
  expect(parseTaskState("3 5\r\n")).toEqual({
    is: "restarting",
    startsAtBoot: true,
    exitCode: 5,
    lastEnd: "exit code 5",
  });
  // SCHED_S_TASK_HAS_NOT_RUN
  expect(parseTaskState("3 267011\r\n")).toEqual({ is: "restarting", startsAtBoot: true });
  expect(parseTaskState("1 0\r\n")).toMatchObject({ is: "stopped", startsAtBoot: false });
  expect(parseTaskState("2 267011\r\n").is).toBe("starting");
});
