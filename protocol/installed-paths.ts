// Where an installed sensor is on a host: the one list that install, uninstall, status, the packages, the
// deploy guides and the documents use.

/** Name of the service, for every service manager of Linux. */
export const SERVICE_NAME = "attacklens-sensor";
/** Name of the service of systemd that runs a new version on trial. */
export const TRIAL_SERVICE_NAME = `${SERVICE_NAME}-trial`;

export interface InstalledPaths {
  stateDir: string;
  /** Folder with one folder for each version of the program. */
  versions: string;
  /** Link to the folder of the version that the service runs. Windows has no link: see `program`. */
  stable: string | undefined;
  /** Link to the folder of the version on trial. It exists only while an update needs it. */
  trial: string | undefined;
  /** Link to the folder of the version that ran before the last update. */
  previous: string | undefined;
  /** The program that the service runs. */
  program: string;
  /** Link in the search path of the users; undefined: none. */
  command: string | undefined;
}

/** Installed by `attacklens-sensor install`. */
export const LINUX: InstalledPaths = unixPaths("/var/lib/attacklens-sensor");
export const MACOS: InstalledPaths = unixPaths("/Library/Application Support/AttackLens/Sensor");

/** The service runs only if one of these exists: the identity, or the sealed token of an image. */
export const STARTS_WITH = ["identity.json", "sealed-token.json"].map((name) => `${LINUX.stateDir}/${name}`);

/** Installed by a .deb or an .rpm, which owns the program and the unit. */
export const PACKAGED = {
  program: "/usr/bin/attacklens-sensor",
  systemdUnit: "/usr/lib/systemd/system/attacklens-sensor.service",
} as const;

/** The settings of the host's owner on Linux and macOS. The owner makes the file, or a package of Linux. */
export const OWNER_SETTINGS = "/etc/attacklens-sensor.toml";

/** The same on Windows: beside the folder of the program, where only administrators can write. */
export function windowsOwnerSettings(programFiles: string): string {
  return `${programFiles}\\AttackLens\\attacklens-sensor.toml`;
}

/** The service definitions that `install` writes. */
export const DEFINITIONS = {
  systemd: `/etc/systemd/system/${SERVICE_NAME}.service`,
  systemdTrial: `/etc/systemd/system/${TRIAL_SERVICE_NAME}.service`,
  openrc: `/etc/init.d/${SERVICE_NAME}`,
  launchd: "/Library/LaunchDaemons/com.attacklens.sensor.plist",
} as const;

/** The logs of the service managers that keep none. */
export const LOGS = {
  openrc: `/var/log/${SERVICE_NAME}.log`,
  launchd: "/var/log/attacklens-sensor.log",
} as const;

/** Labels of the other service managers. */
export const LAUNCHD_LABEL = "com.attacklens.sensor";
export const WINDOWS_TASK = "\\AttackLens\\Sensor";
/** Below HKEY_LOCAL_MACHINE: the .msi writes its value `Package`. */
export const WINDOWS_KEY = "SOFTWARE\\AttackLens\\Sensor";

function unixPaths(stateDir: string): InstalledPaths {
  const versions = `${stateDir}/versions`;
  const stable = `${versions}/stable`;
  return {
    stateDir,
    versions,
    stable,
    trial: `${versions}/trial`,
    previous: `${versions}/previous`,
    program: `${stable}/attacklens-sensor`,
    command: "/usr/local/bin/attacklens-sensor",
  };
}

/** `programFiles` and `programData`: the folders of the system, e.g. `C:\Program Files`. */
export function windowsPaths(programFiles: string, programData: string): InstalledPaths {
  const folder = `${programFiles}\\AttackLens\\Sensor`;
  return {
    stateDir: `${programData}\\AttackLens\\Sensor`,
    versions: folder,
    stable: undefined,
    trial: undefined,
    previous: undefined,
    program: `${folder}\\attacklens-sensor.exe`,
    command: undefined,
  };
}
