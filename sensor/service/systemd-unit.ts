// The systemd unit of the sensor, as text. The sensor runs as root, because it reads shadow, authorized_keys
// and the sockets of all processes. It can do nothing else: it writes its state folder only.

import { LINUX, PACKAGED, SERVICE_NAME, STARTS_WITH } from "@attacklens/protocol/installed-paths.ts";
import { RARE_GARBAGE } from "../settings.ts";

export interface SystemdUnit {
  /** The program that the unit starts; absent: the installed or the packaged one, or that on trial. */
  program?: string;
  /** The unit of a version on trial. Its end, however it comes, starts the other unit again. */
  trial?: boolean;
  /** Whether a package owns the program, which then never updates itself. */
  packaged: boolean;
  /**
   * Version of the systemd that reads the unit; absent: unknown. An older systemd logs a warning for each key
   * that it does not support.
   */
  systemdVersion?: number | undefined;
}

/** The socket of systemd's notifications. Bun cannot open it, so systemd opens it for the sensor. */
export const NOTIFY_FD_NAME = "notify";
const OPEN_FILE_SINCE = 253;
const RESTART_STEPS_SINCE = 254;
const OOM_POLICY_SINCE = 243;

/** The first line of a unit that `install` writes. */
export const OWN_UNIT =
  "# Written by attacklens-sensor install. To remove it, run attacklens-sensor uninstall.";

/** Much longer than a start, a check-in and an upload take, also on a slow network. */
export const LONGEST_TRIAL_MINUTES = 50;

/** The text of attacklens-sensor.service, or of attacklens-sensor-trial.service. */
export function systemdUnit({
  packaged,
  trial = false,
  systemdVersion = 0,
  ...options
}: SystemdUnit): string {
  const installed = trial ? `${LINUX.trial}/${SERVICE_NAME}` : LINUX.program;
  const program = options.program ?? (packaged ? PACKAGED.program : installed);
  return [
    packaged
      ? "# Belongs to the package attacklens-sensor, which updates the program. The sensor never updates itself."
      : OWN_UNIT,
    "[Unit]",
    ...(trial ? TRIAL_UNIT : ["Description=AttackLens sensor"]),
    "Wants=network-online.target",
    "After=network-online.target",
    "# Without an identity or a token that prepare-image sealed, there is nothing to run.",
    ...STARTS_WITH.map((path) => `ConditionPathExists=|${path}`),
    "# A sensor that cannot start tries again forever.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    ...startLines(program, systemdVersion),
    ...(trial ? TRIAL_SERVICE : restartLines(systemdVersion)),
    "TimeoutStopSec=30",
    // The kernel ends a collector process first. The sensor reports that.
    ...(systemdVersion < OOM_POLICY_SINCE ? [] : ["OOMPolicy=continue"]),
    "",
    ...HARDENING,
    "",
    // Not enabled: a boot starts the stable version.
    ...(trial ? [] : ["[Install]", "WantedBy=multi-user.target", ""]),
  ].join("\n");
}

const TRIAL_UNIT = [
  "Description=AttackLens sensor, a new version on trial",
  "# Only one of the two runs. The order lets the other one stop before this one starts.",
  `Conflicts=${SERVICE_NAME}.service`,
  `After=${SERVICE_NAME}.service`,
  "# With ExecStopPost below, every end of the trial is a failure, and brings the stable version back.",
  `OnFailure=${SERVICE_NAME}.service`,
];

const TRIAL_SERVICE = ["Restart=no", `RuntimeMaxSec=${LONGEST_TRIAL_MINUTES}min`, "ExecStopPost=/bin/false"];

function startLines(program: string, systemdVersion: number): string[] {
  const start = `ExecStart=${program} run`;
  if (systemdVersion < OPEN_FILE_SINCE) return ["Type=exec", start];
  return [
    "Type=notify",
    "NotifyAccess=main",
    `OpenFile=/run/systemd/notify:${NOTIFY_FD_NAME}`,
    "# Restarts a sensor that hangs.",
    "WatchdogSec=10min",
    "# Another signal would let the runtime report a crash that is none.",
    "WatchdogSignal=SIGKILL",
    // Its process is not replaced while it rests, because that closes the socket.
    ...Object.entries(RARE_GARBAGE).map(([name, value]) => `Environment=${name}=${value}`),
    start,
  ];
}

function restartLines(systemdVersion: number): string[] {
  const back = ["Restart=always", "RestartSec=10"];
  return systemdVersion < RESTART_STEPS_SINCE ? back : [...back, "RestartSteps=6", "RestartMaxDelaySec=5min"];
}

const HARDENING = [
  "# Its state folder is the only one that the sensor writes.",
  "StateDirectory=attacklens-sensor",
  "StateDirectoryMode=0700",
  "UMask=0077",
  "ProtectSystem=strict",
  "ProtectHome=read-only",
  "PrivateMounts=yes",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "DevicePolicy=closed",
  "",
  "# Reads files and processes of all users. Without these two, root has no rights over others.",
  "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_PTRACE",
  "AmbientCapabilities=",
  "NoNewPrivileges=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "",
  "# Not ProtectHostname: the sensor would not notice a new hostname. Not ProtectProc: it reports processes.",
  "ProtectClock=yes",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
  "MemoryDenyWriteExecute=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources @mount @debug @obsolete",
  "SystemCallErrorNumber=EPERM",
  "",
  "# The work of the host comes first.",
  "MemoryHigh=384M",
  "MemoryMax=512M",
  "CPUQuota=50%",
  "CPUWeight=20",
  "IOWeight=20",
  "# The sensor and up to four collector processes.",
  "TasksMax=256",
  "Nice=10",
];
