// Sections that most guides share: verify, upgrade and uninstall on one host.
import { type Block, code, type GuideText, list, paragraph } from "./guide.ts";

export const AS_ROOT = "on the host, in a root shell";

/** What the installation prints at its end, and where the sensor appears. */
export function arrival(waiting = "within a minute"): Block {
  return paragraph(
    `In the console, the host appears under **Sensors > All sensors** as Pending, and turns Online ${waiting}.`,
  );
}

export function verifyOnHost(): Block[] {
  return [
    code({
      id: "verify",
      title: "Show the service and the last check-in",
      language: "sh",
      where: AS_ROOT,
      text: "attacklens-sensor service status\nattacklens-sensor status",
    }),
    list(
      "`service status` shows `State running` and `At boot starts`. Its exit code is 0.",
      "`status` shows `State connected` and the time of the last check-in. Its exit code is 0. If anything is wrong, it shows the next step.",
    ),
    arrival(),
  ];
}

export function upgradeByScript(again: GuideText): Block[] {
  return [
    paragraph(
      "The sensor updates itself when the server offers a newer release. **Sensors > Updates** shows the version of each host, and decides which hosts update when.",
    ),
    paragraph(again),
  ];
}

/** What remains after an upgrade and after a removal, for hosts that `attacklens-sensor install` set up. */
export function uninstallOnHost(): Block[] {
  return [
    code({
      id: "uninstall",
      title: "Remove the sensor",
      language: "sh",
      where: AS_ROOT,
      text: "attacklens-sensor uninstall",
    }),
    paragraph(
      "It stops the service, unenrolls the sensor, and lists each file that it removes. Nothing is left. The console lists the sensor as Uninstalled. If the server cannot be reached, it removes everything anyway, and prints the id of the sensor. Delete that sensor in the console.",
    ),
    paragraph(
      "To install it again later as the same sensor, use `attacklens-sensor uninstall --keep-identity`. The next installation then needs no token.",
    ),
  ];
}

/** For hosts that a package set up. `purge`: the command that removes the package with its data. */
export function uninstallPackage(purge: string, kept: GuideText): Block[] {
  return [
    code({
      id: "uninstall",
      title: "Unenroll the sensor and remove the package",
      language: "sh",
      where: AS_ROOT,
      text: `attacklens-sensor uninstall\n${purge}`,
    }),
    paragraph(
      "`uninstall` stops the service, unenrolls the sensor and deletes its key. The package manager removes the program and the unit. Nothing is left.",
    ),
    paragraph(kept),
  ];
}

/** A file for the token that only root can read. */
export const TOKEN_FILE = "/root/attacklens-token";
