// What a package of a program contains besides the program. `package-files` of each program prints it, so
// that the build takes paths and texts from the program and has no copy of them.
import { z } from "zod";

export const packageFiles = z.object({
  /** Name of the package and of its service, e.g. `attacklens-sensor`. */
  name: z.string(),
  /** Where the package installs the program. */
  program: z.string(),
  /** Folder of the program's data. Only purging the package deletes it. */
  stateDir: z.string(),
  /** The user that the package creates. Absent: the service runs as root. */
  user: z.string().optional(),
  /** The service starts only if this file exists. Absent: it always starts. */
  startsWith: z.string().optional(),
  /** The service's definition, and settings. */
  files: z.array(
    z.object({
      path: z.string(),
      text: z.string(),
      /** Permissions, e.g. 0o644. */
      mode: z.number().int(),
      /** An upgrade keeps the changes that the administrator made to it. */
      isConfiguration: z.boolean(),
    }),
  ),
  /** What the administrator sees after the first installation, one line each. */
  nextSteps: z.array(z.string()),
  /** The task that starts the program on Windows. Absent: it has no package for Windows. */
  windowsTask: z.string().optional(),
  /** Key below HKEY_LOCAL_MACHINE: its value `Package` says that a package installed the program. */
  windowsKey: z.string().optional(),
});
export type PackageFiles = z.infer<typeof packageFiles>;

/** Why a package refuses a host on which `install` of the program set up a service. `name`: the package. */
export function otherInstallation(name: string): { message: string; fix: string } {
  return {
    message: `This host already has a sensor, which ${name} install set up.`,
    fix: `first run: ${name} uninstall --keep-identity`,
  };
}
