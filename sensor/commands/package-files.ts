// attacklens-sensor package-files: prints what the packages contain besides the program, for the build.
import { posix } from "node:path";
import {
  LINUX,
  OWNER_SETTINGS,
  PACKAGED,
  SERVICE_NAME,
  WINDOWS_KEY,
  WINDOWS_TASK,
} from "@attacklens/protocol/installed-paths.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import type { PackageFiles } from "@attacklens/protocol/package-files.ts";
import { systemdUnit } from "../service/systemd-unit.ts";
import { print } from "./terminal.ts";

export function packageFilesCommand(): void {
  const contents: PackageFiles = {
    name: SERVICE_NAME,
    program: PACKAGED.program,
    stateDir: LINUX.stateDir,
    startsWith: posix.join(LINUX.stateDir, "identity.json"),
    files: [
      {
        path: PACKAGED.systemdUnit,
        text: systemdUnit({ packaged: true }),
        mode: 0o644,
        isConfiguration: false,
      },
      { path: OWNER_SETTINGS, text: OWNER_SETTINGS_TEXT, mode: 0o644, isConfiguration: true },
    ],
    nextSteps: [
      "To enroll this host and start the sensor, pass an enrollment token on standard input:",
      "  attacklens-sensor install --server https://attacklens.example.com --token -",
    ],
    windowsTask: WINDOWS_TASK,
    windowsKey: WINDOWS_KEY,
  };
  print(JSON.stringify(contents, null, 2));
}

/** A file without settings, which says what the owner of the host can set. */
const OWNER_SETTINGS_TEXT = `# Settings of this host's owner for the AttackLens sensor. A change counts at the next check-in.

[inventory]
# Categories that the sensor does not collect here:
# ${CATEGORIES.join(", ")}
# switched-off = ["users", "containers"]
`;
