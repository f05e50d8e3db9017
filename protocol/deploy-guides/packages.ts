// The guides for .deb and .rpm. They download the package from the server; a site with its own repository
// puts the same file there.
import { pinOption, shellDownloadCommand } from "../releases/install-command.ts";
import { AS_ROOT, arrival, TOKEN_FILE, uninstallPackage, verifyOnHost } from "./after.ts";
import { beforeYouStart } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Blocks, code, type DeployFacts, list, paragraph, step } from "./guide.ts";
import { askingFor, sensorCommand } from "./sensor-command.ts";
import { troubleshooting } from "./troubleshooting.ts";

interface PackageTool {
  systems: string;
  /** Names the file for this host's CPU, as an assignment to `f`. */
  fileName: (version: string) => string;
  /** Installs or upgrades the file `$d/$f`. */
  install: string;
  /** Removes the package. */
  purge: string;
  kept: string;
  repository: string;
}

const DEB: PackageTool = {
  systems:
    "Debian 8, Ubuntu 14.04 or later, and systems made from them, with systemd, on x64 (amd64) or ARM64 (arm64).",
  fileName: (version) => `f=attacklens-sensor_${version}_$(dpkg --print-architecture).deb`,
  install: 'dpkg --install "$d/$f"',
  purge: "dpkg --purge attacklens-sensor",
  kept: "`dpkg --remove attacklens-sensor` without `uninstall` keeps the identity: the host is the same sensor if you install the package again.",
  repository:
    "If your hosts install from your own apt repository, add the file to it, and replace the first command by `apt-get install attacklens-sensor`.",
};

const RPM: PackageTool = {
  systems:
    "RHEL 7, CentOS 7, Fedora, Amazon Linux 2, SUSE Linux Enterprise 12 or later, and systems made from them, with systemd, on x64 (x86_64) or ARM64 (aarch64).",
  fileName: (version) => `f=attacklens-sensor-${version}-1.$(uname -m).rpm`,
  install: 'rpm --upgrade "$d/$f"',
  purge: "rpm --erase attacklens-sensor",
  kept: "`rpm --erase attacklens-sensor` without `uninstall` keeps the identity: the host is the same sensor if you install the package again.",
  repository:
    "If your hosts install from your own repository, add the file to it, and replace the first command by `dnf install attacklens-sensor` or `zypper install attacklens-sensor`.",
};

const PROMPT = "Enrollment token (it is not shown)";

export const debPackage = (facts: DeployFacts) => packageGuide(facts, DEB);
export const rpmPackage = (facts: DeployFacts) => packageGuide(facts, RPM);

function packageGuide(facts: DeployFacts, tool: PackageTool): Blocks {
  const command = (words: string) =>
    askingFor(PROMPT, "posix", sensorCommand(facts, { shell: "posix", program: "attacklens-sensor", words }));
  const fromFile = ["attacklens-sensor install", `--server ${facts.server}`, pinOption(facts)];
  return {
    before: beforeYouStart(facts, {
      systems: [tool.systems, "A CPU with SSE4.2 and POPCNT on x64. The package checks this first."],
      rights: "Root on the host. `sudo -i` opens a root shell.",
      also: ["200 MB of free disk space in `/usr` and `/var`."],
    }),
    token: [
      paragraph(
        "The package contains no token and asks for none. The second command asks for the token and does not show it. It never appears in an argument, the shell history or a file.",
      ),
      paragraph("In a script, pass the token in one of these ways:"),
      list(
        `A file that only root can read: \`${fromFile.filter((word) => word !== "").join(" ")} --token-file ${TOKEN_FILE}\`.`,
        "Standard input, as the second command does: `--token -`.",
        "A credential of systemd with the name `attacklens-token`.",
      ),
    ],
    install: [
      step(
        "Install the package",
        code({
          id: "package",
          title: "Download and install the package",
          language: "sh",
          where: AS_ROOT,
          text: downloadPackage(facts, tool),
        }),
        paragraph(tool.repository),
      ),
      step(
        "Optional: check whether the host can enroll",
        code({
          id: "check",
          title: "Test name, proxy, certificate, clock, token and network",
          language: "sh",
          where: AS_ROOT,
          text: command("check --token -"),
        }),
        paragraph(
          "It prints a line for each step. It changes nothing, and does not count as a use of the token.",
        ),
      ),
      step(
        "Enroll the host and start the service",
        code({
          id: "install",
          title: "Paste this command, and then the token at the prompt",
          language: "sh",
          where: AS_ROOT,
          text: command("install --token -"),
        }),
        paragraph("It enables the unit of the package, and waits until the server has the first inventory."),
        arrival(),
      ),
    ],
    verify: verifyOnHost(),
    upgrade: [
      paragraph(
        "The package manager upgrades the sensor. A sensor from a package never updates itself, and the console shows that.",
      ),
      code({
        id: "upgrade",
        title: "Install the package of the newest release over it",
        language: "sh",
        where: AS_ROOT,
        text: downloadPackage(facts, tool),
      }),
      paragraph(
        "A running sensor restarts with the new program. A stopped one stays stopped. The identity stays, so it needs no token.",
      ),
    ],
    uninstall: uninstallPackage(tool.purge, tool.kept),
    machine: onTheMachine("package", facts.server),
    collected: collectedFacts(),
    troubleshooting: troubleshooting({ package: true, service: "linux" }),
  };
}

function downloadPackage(facts: DeployFacts, { fileName, install }: PackageTool): string {
  return shellDownloadCommand(facts, {
    begin: [fileName(facts.version)],
    file: { path: `/download/${facts.version}/$f`, name: "$f" },
    commands: [install],
  });
}
