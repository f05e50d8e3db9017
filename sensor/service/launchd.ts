// The service under launchd, for macOS.

import { DEFINITIONS, LAUNCHD_LABEL, LOGS, MACOS } from "@attacklens/protocol/installed-paths.ts";
import { removeDefinition, writeDefinition } from "./definition-file.ts";
import { serviceProblem } from "./service-problems.ts";
import type { ServiceManager, ServiceState } from "./service-state.ts";
import { runTool } from "./system-tool.ts";
import { escapeXml } from "./xml.ts";

const LOG = LOGS.launchd;
const TARGET = `system/${LAUNCHD_LABEL}`;

/** The text of the property list: launchd.plist(5). */
export function launchdPlist({ program = MACOS.program }: { program?: string } = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by attacklens-sensor install. To remove it, run attacklens-sensor uninstall. -->
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>${LAUNCHD_LABEL}</string>
	<key>ProgramArguments</key>
	<array>
		<string>${escapeXml(program)}</string>
		<string>run</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<true/>
	<key>ThrottleInterval</key>
	<integer>30</integer>
	<key>ProcessType</key>
	<string>Background</string>
	<key>LowPriorityIO</key>
	<true/>
	<key>Nice</key>
	<integer>10</integer>
	<key>Umask</key>
	<integer>63</integer>
	<key>ExitTimeOut</key>
	<integer>30</integer>
	<key>StandardErrorPath</key>
	<string>${LOG}</string>
</dict>
</plist>
`;
}

export function launchd(): ServiceManager {
  const definition = DEFINITIONS.launchd;
  return {
    name: "launchd",
    service: LAUNCHD_LABEL,
    definition,
    packaged: false,
    async register() {
      const changes = writeDefinition(definition, launchdPlist(), 0o644);
      // An operator may have disabled it.
      await tool("enable", TARGET);
      return changes;
    },
    async start(again) {
      const { is } = await readState();
      // launchd reads the property list only when it loads the service.
      if (again && is !== "missing") await unload();
      if (again || is === "missing") await tool("bootstrap", "system", definition);
      else if (is !== "running") await tool("kickstart", TARGET);
    },
    stop: unload,
    async unregister() {
      return [definition, LOG].flatMap(removeDefinition);
    },
    readState,
    logCommand: `cat ${LOG}`,
    startCommand: `launchctl kickstart ${TARGET}`,
  };
}

async function unload(): Promise<void> {
  if ((await readState()).is !== "missing") await tool("bootout", TARGET);
}

async function tool(...args: string[]): Promise<void> {
  const { code, reason } = await runTool(["launchctl", ...args]);
  if (code !== 0) throw serviceProblem("manager-failed", `launchctl ${args[0]}: ${reason}`);
}

async function readState(): Promise<ServiceState> {
  const { code, stdout } = await runTool(["launchctl", "print", TARGET]);
  return code === 0 ? parseLaunchdState(stdout) : { is: "missing", startsAtBoot: false };
}

/** Parses the output of `launchctl print`. */
export function parseLaunchdState(text: string): ServiceState {
  const find = (name: string) => new RegExp(`^\\s*${name} = (.+)$`, "m").exec(text)?.[1];
  const lastExit = find("last exit code");
  const exitCode =
    lastExit === undefined || !/^\d+/.test(lastExit) ? undefined : Number.parseInt(lastExit, 10);
  const processId = Number(find("pid") ?? 0);
  const isRunning = find("state") === "running";
  return {
    is: isRunning ? "running" : find("state") === "spawn scheduled" ? "restarting" : "stopped",
    startsAtBoot: true,
    processId: processId > 0 ? processId : undefined,
    ...(exitCode === undefined ? {} : { exitCode, lastEnd: `exit code ${exitCode}` }),
  };
}
