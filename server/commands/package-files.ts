// attacklens package-files: prints what the packages contain besides the program, for the build.
import type { PackageFiles } from "@attacklens/protocol/package-files.ts";
import { settingsFile } from "../settings-file.ts";
import { DATA_DIR, PROGRAM_FILE, SETTINGS_FILE, SYSTEMD_UNIT, UNIT_FILE, USER } from "../systemd-unit.ts";

export function packageFilesCommand(): number {
  const contents: PackageFiles = {
    name: "attacklens",
    program: PROGRAM_FILE,
    stateDir: DATA_DIR,
    user: USER,
    files: [
      { path: UNIT_FILE, text: SYSTEMD_UNIT, mode: 0o644, isConfiguration: false },
      // Settings may contain passwords. systemd reads them as root.
      { path: SETTINGS_FILE, text: settingsFile(), mode: 0o600, isConfiguration: true },
    ],
    nextSteps: [
      `Settings:     ${SETTINGS_FILE}, then systemctl restart attacklens`,
      "Set-up link:  journalctl --unit attacklens | grep /setup",
      "              The link creates the first Super Admin.",
    ],
  };
  console.log(JSON.stringify(contents, null, 2));
  return 0;
}
