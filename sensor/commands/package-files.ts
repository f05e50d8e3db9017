// attacklens-sensor package-files: prints what the packages contain besides the program, for the build.
import { posix } from "node:path";
import {
  LINUX,
  PACKAGED,
  SERVICE_NAME,
  WINDOWS_KEY,
  WINDOWS_TASK,
} from "@attacklens/protocol/installed-paths.ts";
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
