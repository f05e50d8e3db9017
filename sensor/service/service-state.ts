// The state of the service, in the same words for every service manager.

export interface ServiceState {
  /**
   * `missing`: not registered. `failed`: it ended, and the manager does not start it again. `restarting`: it
   * ended, and the manager starts it again. `masked`: an operator forbids it.
   */
  is: "missing" | "masked" | "stopped" | "starting" | "running" | "restarting" | "failed";
  startsAtBoot: boolean;
  processId?: number | undefined;
  /** Why it last ended, e.g. `exit code 203`. */
  lastEnd?: string | undefined;
  /** Exit code with which it last ended. */
  exitCode?: number | undefined;
}

export interface ServiceManager {
  name: "systemd" | "OpenRC" | "launchd" | "Task Scheduler";
  /** Name of the service there. */
  service: string;
  /** The file that defines the service. */
  definition: string;
  /** Whether a package owns the definition and the program. */
  packaged: boolean;
  /** Writes the definition and lets the service start at each boot. Returns whether something changed. */
  register(): Promise<boolean>;
  /** Starts the service; with `again`, also if it is running. */
  start(again: boolean): Promise<void>;
  stop(): Promise<void>;
  /** Removes the registration of a stopped service. Returns the files that it removed. */
  unregister(): Promise<string[]>;
  readState(): Promise<ServiceState>;
  /** The command that shows the log. */
  logCommand: string;
  /** The command that starts the service. */
  startCommand: string;
}
