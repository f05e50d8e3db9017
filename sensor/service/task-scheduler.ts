// The service under Windows: a task of SYSTEM that starts with the system. Programs of Bun cannot talk to the
// service control manager. docs/decisions/0018-services.md has the reasons.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WINDOWS_TASK, windowsPaths } from "@attacklens/protocol/installed-paths.ts";
import { windowsFolders } from "../settings.ts";
import { serviceProblem } from "./service-problems.ts";
import type { ServiceManager, ServiceState } from "./service-state.ts";
import { runTool, systemProgram } from "./system-tool.ts";
import { escapeXml } from "./xml.ts";

/**
 * The definition of the task, version 1.2 of the schema. `RestartOnFailure` covers a failed start only, so
 * the trigger repeats: while the sensor runs, the task ignores it.
 */
export function windowsTask({ program }: { program: string }): string {
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Author>AttackLens</Author>
    <Description>AttackLens sensor. To remove it, run attacklens-sensor uninstall.</Description>
    <URI>${WINDOWS_TASK}</URI>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Repetition>
        <Interval>PT1M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <Enabled>true</Enabled>
    </BootTrigger>
    <RegistrationTrigger>
      <Repetition>
        <Interval>PT1M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <Enabled>true</Enabled>
    </RegistrationTrigger>
  </Triggers>
  <Principals>
    <Principal id="System">
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="System">
    <Exec>
      <Command>${escapeXml(program)}</Command>
      <Arguments>run</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

export function taskScheduler(): ServiceManager {
  const { programFiles, programData } = windowsFolders();
  const { program, versions } = windowsPaths(programFiles, programData);
  return {
    name: "Task Scheduler",
    service: WINDOWS_TASK,
    definition: WINDOWS_TASK,
    packaged: false,
    async register() {
      // Only administrators can write to this folder: another user must not exchange the file.
      const file = join(versions, "task.xml");
      try {
        writeFileSync(file, `\ufeff${windowsTask({ program })}`, "utf16le");
        await schtasks("/Create", "/TN", WINDOWS_TASK, "/XML", file, "/F");
      } finally {
        rmSync(file, { force: true });
      }
      // The new definition holds from the next start.
      return false;
    },
    async start(again) {
      if (again) await stop();
      if ((await readState()).is !== "running") await schtasks("/Run", "/TN", WINDOWS_TASK);
    },
    stop,
    async unregister() {
      if ((await readState()).is === "missing") return [];
      await schtasks("/Delete", "/TN", WINDOWS_TASK, "/F");
      return [`task ${WINDOWS_TASK}`];
    },
    readState,
    logCommand: "Get-WinEvent -LogName Microsoft-Windows-TaskScheduler/Operational",
    startCommand: `schtasks /Run /TN ${WINDOWS_TASK}`,
  };
}

async function stop(): Promise<void> {
  const { is } = await readState();
  if (is !== "missing" && is !== "stopped") await schtasks("/End", "/TN", WINDOWS_TASK);
}

async function schtasks(...args: string[]): Promise<void> {
  const { code, reason } = await runTool([systemProgram("schtasks.exe"), ...args]);
  if (code !== 0) throw serviceProblem("manager-failed", `schtasks ${args[0]}: ${reason}`);
}

/** The words of schtasks are those of the system's language, so the numbers come from PowerShell. */
async function readState(): Promise<ServiceState> {
  const script = [
    "$ErrorActionPreference = 'Stop'",
    "$task = Get-ScheduledTask -TaskPath '\\AttackLens\\' -TaskName 'Sensor'",
    "$last = $task | Get-ScheduledTaskInfo",
    "'{0} {1}' -f [int]$task.State, $last.LastTaskResult",
  ].join("; ");
  const shell = systemProgram("WindowsPowerShell\\v1.0\\powershell.exe");
  const { code, stdout } = await runTool([shell, "-NoProfile", "-NonInteractive", "-Command", script]);
  return code === 0 ? parseTaskState(stdout) : { is: "missing", startsAtBoot: false };
}

/** States of a task: 1 disabled, 2 queued, 3 ready, 4 running. The result of a task that runs is 267009. */
export function parseTaskState(text: string): ServiceState {
  const [state, result] = text.trim().split(/\s+/).map(Number);
  const isDisabled = state === 1;
  const ended = result !== undefined && result < 0x41300 && state !== 4;
  return {
    is: state === 4 ? "running" : state === 2 ? "starting" : isDisabled ? "stopped" : "restarting",
    startsAtBoot: !isDisabled,
    ...(ended ? { exitCode: result, lastEnd: `exit code ${result}` } : {}),
  };
}
