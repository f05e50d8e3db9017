// The service under OpenRC, for Alpine.

import { DEFINITIONS, LINUX, LOGS, SERVICE_NAME, STARTS_WITH } from "@attacklens/protocol/installed-paths.ts";
import { removeDefinition, writeDefinition } from "./definition-file.ts";
import { serviceProblem } from "./service-problems.ts";
import type { ServiceManager, ServiceState } from "./service-state.ts";
import { runTool } from "./system-tool.ts";

const LOG = LOGS.openrc;
const RUN_LEVEL = "default";

/** The text of /etc/init.d/attacklens-sensor: supervise-daemon(8) restarts the sensor. */
export function openrcScript({ program = LINUX.program }: { program?: string } = {}): string {
  return `#!/sbin/openrc-run
# Written by attacklens-sensor install. To remove it, run attacklens-sensor uninstall.

name="AttackLens sensor"
supervisor=supervise-daemon
command="${program}"
command_args="run"
pidfile="/run/${SERVICE_NAME}.pid"
# A sensor that cannot start tries again forever.
respawn_delay=10
respawn_max=0
retry="TERM/30/KILL/5"
umask=077
output_log="${LOG}"
error_log="${LOG}"

depend() {
	# Not "need net": not every host has such a service, and the sensor waits for the network anyway.
	use net dns logger
	after firewall ntp-client
}

start_pre() {
	if ${STARTS_WITH.map((path) => `[ ! -f "${path}" ]`).join(" && ")}; then
		eerror "This host is not enrolled. To enroll it, run attacklens-sensor install."
		return 1
	fi
	# Each start begins a new log, so that it cannot fill the disk.
	if [ -f "${LOG}" ]; then mv -f "${LOG}" "${LOG}.1"; fi
	checkpath --file --mode 0600 "${LOG}"
}
`;
}

export function openrc(): ServiceManager {
  const definition = DEFINITIONS.openrc;
  return {
    name: "OpenRC",
    service: SERVICE_NAME,
    definition,
    packaged: false,
    async register() {
      const changes = writeDefinition(definition, openrcScript(), 0o755);
      await tool("rc-update", "add", SERVICE_NAME, RUN_LEVEL);
      return changes;
    },
    async start(again) {
      const { is } = await readState();
      // A crashed service counts as started.
      await tool("rc-service", SERVICE_NAME, again || is === "failed" ? "restart" : "start");
    },
    async stop() {
      if ((await readState()).is !== "missing") await tool("rc-service", "--ifstarted", SERVICE_NAME, "stop");
    },
    async unregister() {
      // Fails if the service is in no run level.
      await runTool(["rc-update", "delete", SERVICE_NAME, RUN_LEVEL]);
      return [definition, LOG, `${LOG}.1`].flatMap(removeDefinition);
    },
    readState,
    logCommand: `cat ${LOG}`,
    startCommand: `rc-service ${SERVICE_NAME} start`,
  };
}

async function tool(...command: string[]): Promise<void> {
  const { code, reason } = await runTool(command);
  if (code !== 0) throw serviceProblem("manager-failed", `${command[0]}: ${reason}`);
}

async function readState(): Promise<ServiceState> {
  const [status, levels] = await Promise.all([
    runTool(["rc-service", SERVICE_NAME, "status"]),
    runTool(["rc-update", "show", RUN_LEVEL]),
  ]);
  return parseOpenrcState(status, levels.stdout);
}

/** Parses the exit code and output of `rc-service … status`, and the output of `rc-update show`. */
export function parseOpenrcState(
  { code, stdout, reason }: { code: number; stdout: string; reason: string },
  runLevels: string,
): ServiceState {
  const startsAtBoot = runLevels.split("\n").some((line) => line.split("|")[0]?.trim() === SERVICE_NAME);
  const text = `${stdout} ${reason}`;
  if (/does not exist/.test(text) || code === 127) return { is: "missing", startsAtBoot: false };
  if (/crashed|unsupervised/.test(text)) return { is: "failed", startsAtBoot };
  if (/starting/.test(text)) return { is: "starting", startsAtBoot };
  return { is: code === 0 ? "running" : "stopped", startsAtBoot };
}
