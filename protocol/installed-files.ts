// Everything that an installation makes on a host, for the deploy guides and docs/operate.md.
import {
  DEFINITIONS,
  LINUX,
  LOGS,
  MACOS,
  OWNER_SETTINGS,
  PACKAGED,
  SERVICE_NAME,
  WINDOWS_TASK,
  windowsPaths,
} from "./installed-paths.ts";

export interface InstalledEntry {
  path: string;
  what: string;
}

const WINDOWS = windowsPaths("%ProgramFiles%", "%ProgramData%");

const STATE = "identity with the key, status, and spooled reports. Readable by root only";
const PROGRAMS = "the program, one folder for each version. `stable` is the one that runs";
const COMMAND = "link to the program, for your shell";
const LOG = "log of the sensor";

const linuxState: InstalledEntry[] = [{ path: `${LINUX.stateDir}/`, what: STATE }];
const linux: InstalledEntry[] = [
  ...linuxState,
  { path: `${LINUX.versions}/`, what: PROGRAMS },
  { path: LINUX.command!, what: COMMAND },
];

const atBoot: InstalledEntry = {
  path: `/etc/systemd/system/multi-user.target.wants/${SERVICE_NAME}.service`,
  what: "link to the unit, which starts it at boot",
};

export const INSTALLED_FILES = {
  systemd: {
    label: "Linux with systemd",
    entries: [
      ...linux,
      { path: DEFINITIONS.systemd, what: "unit of the service" },
      { path: DEFINITIONS.systemdTrial, what: "unit that tries an update. Not started at boot" },
      atBoot,
    ],
  },
  openrc: {
    label: "Linux with OpenRC",
    entries: [
      ...linux,
      { path: DEFINITIONS.openrc, what: "script of the service" },
      { path: `/etc/runlevels/default/${SERVICE_NAME}`, what: "link to the script, which starts it at boot" },
      { path: LOGS.openrc, what: LOG },
      { path: `${LOGS.openrc}.1`, what: "log before the last start" },
    ],
  },
  package: {
    label: "Linux with a package",
    entries: [
      ...linuxState,
      { path: PACKAGED.program, what: "the program. Belongs to the package" },
      { path: PACKAGED.systemdUnit, what: "unit of the service. Belongs to the package" },
      { path: OWNER_SETTINGS, what: "settings of the host's owner, all in comments. Belongs to the package" },
      { path: `/usr/share/doc/${SERVICE_NAME}/`, what: "license. Belongs to the package" },
      atBoot,
    ],
  },
  container: {
    label: "Container host",
    entries: [...linuxState],
  },
  macos: {
    label: "macOS",
    entries: [
      { path: `${MACOS.stateDir}/`, what: STATE },
      { path: `${MACOS.versions}/`, what: PROGRAMS },
      { path: MACOS.command!, what: COMMAND },
      { path: DEFINITIONS.launchd, what: "definition of the service" },
      { path: LOGS.launchd, what: LOG },
    ],
  },
  windows: {
    label: "Windows",
    entries: [
      {
        path: `${WINDOWS.stateDir}\\`,
        what: "identity with the key, status, and spooled reports. Only SYSTEM and Administrators can use it",
      },
      { path: `${WINDOWS.versions}\\`, what: "the program" },
      { path: `Task ${WINDOWS_TASK}`, what: "starts the sensor as SYSTEM at each boot" },
    ],
  },
} as const satisfies Record<string, { label: string; entries: readonly InstalledEntry[] }>;
export type InstalledHost = keyof typeof INSTALLED_FILES;
