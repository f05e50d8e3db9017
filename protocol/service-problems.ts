// Why install and uninstall fail, and what to do. The commands print this table, and the deploy guides and
// docs/operate.md have it.

interface ServiceProblem {
  /** Completes "Cannot install the service: ". */
  state: string;
  cause: string;
  /** The next step. */
  fix: string;
}

export const SERVICE_PROBLEMS = {
  "not-root": {
    state: "this needs root",
    cause: "The command writes to system folders and starts a service.",
    fix: "run the same command as root, e.g. with sudo; on Windows, in a PowerShell that you opened with Run as administrator",
  },
  "no-service-manager": {
    state: "this host runs neither systemd nor OpenRC",
    cause:
      "The command runs in a container, in a chroot or while an image is built, or the host has another init.",
    fix: "run attacklens-sensor enroll, and let your supervisor run attacklens-sensor run; it ends with SIGTERM",
  },
  "not-built": {
    state: "this is not the built program",
    cause: "The command runs from its sources.",
    fix: "build it with npm run build, and run dist/attacklens-sensor",
  },
  "read-only": {
    state: "the file system is read-only",
    cause: "The host is immutable, or the kernel made the disk read-only after an error.",
    fix: "mount the file system of the path writable and repeat the command; on an immutable host, put the sensor into its image",
  },
  "disk-full": {
    state: "no space is left on the device",
    cause: "The program and its state need 150 MB, and 250 MB during an installation or update.",
    fix: "free space on the file system of the path and repeat the command",
  },
  "not-permitted": {
    state: "the system does not permit it",
    cause: "A security module, the attribute immutable, or missing capabilities restrict root.",
    fix: "run lsattr -d on the path and look for a denial in the audit log, then repeat the command",
  },
  noexec: {
    state: "the system does not run programs there",
    cause: "The file system is mounted with noexec, or a security module refuses programs in this folder.",
    fix: "mount the file system of the path without noexec, or use the .deb or .rpm package, whose program is in /usr/bin",
  },
  "wrong-program": {
    state: "the program does not run on this host",
    cause: "The program is for another processor or another C library.",
    fix: "download the program for this host: run uname -m for the processor, and ldd --version for the C library",
  },
  selinux: {
    state: "SELinux does not let systemd run the program (status 203/EXEC)",
    cause: "The program does not have the type bin_t.",
    fix: "run semanage fcontext -a -t bin_t '/var/lib/attacklens-sensor/versions/[^/]+/attacklens-sensor' and restorecon -R /var/lib/attacklens-sensor (without semanage: chcon -t bin_t on the program), then repeat the command",
  },
  "exec-refused": {
    state: "systemd cannot run the program (status 203/EXEC)",
    cause: "A security module, noexec, or a missing file prevents it.",
    fix: "run the program with the argument version as root, and look for a denial in the audit log",
  },
  "service-masked": {
    state: "the service is masked",
    cause: "An operator ran systemctl mask attacklens-sensor.",
    fix: "run systemctl unmask attacklens-sensor, then repeat the command",
  },
  "manager-failed": {
    state: "the service manager reports an error",
    cause: "The message of the service manager follows.",
    fix: "run attacklens-sensor service status, correct what it shows, and repeat the command",
  },
  "ended-early": {
    state: "the service ended",
    cause: "The sensor cannot start. Its last log line names the reason.",
    fix: "run attacklens-sensor service status: it shows the command for the log; then repeat the command",
  },
  "no-inventory": {
    state: "the service runs, but the server has not accepted an inventory yet",
    cause: "The server is slow or busy, or the host is.",
    fix: "run attacklens-sensor status in a minute; the sensor keeps trying",
  },
} as const satisfies Record<string, ServiceProblem>;
export type ServiceProblemName = keyof typeof SERVICE_PROBLEMS;

/** The table as Markdown, for the documents. */
export function serviceProblemsTable(): string {
  const rows = Object.values(SERVICE_PROBLEMS).map(
    ({ state, cause, fix }) => `| ${state} | ${cause} | ${fix[0]!.toUpperCase()}${fix.slice(1)}. |`,
  );
  return ["| Message | Cause | Next step |", "|---|---|---|", ...rows].join("\n");
}
