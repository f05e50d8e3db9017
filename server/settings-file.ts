// /etc/attacklens/attacklens.env of the packages: every setting as a comment, from the table of settings.
import { absentText, SETTINGS, type Setting } from "./settings.ts";

/** Returns the text of a file for `EnvironmentFile=` of systemd. */
export function settingsFile(): string {
  // The unit sets the others.
  const { dataDir: _data, readyFile: _ready, ...settings } = SETTINGS;
  return [
    "# Settings of the AttackLens server. To apply changes: systemctl restart attacklens",
    "# docs/operate.md describes them. Lines that begin with # have no effect.",
    ...Object.values<Setting>(settings).flatMap((setting) => [
      "",
      `# ${setting.help}. Default: ${absentText(setting)}`,
      `#${setting.variable}=${setting.value}`,
    ]),
    "",
  ].join("\n");
}
