import { shellInstallCommand } from "../releases/install-command.ts";
import { AS_ROOT, arrival, TOKEN_FILE, uninstallOnHost, upgradeByScript, verifyOnHost } from "./after.ts";
import { beforeYouStart, LINUX_SPACE, LINUX_SYSTEMS } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Blocks, code, type DeployFacts, list, paragraph, step } from "./guide.ts";
import { troubleshooting } from "./troubleshooting.ts";

export function linuxShell(facts: DeployFacts): Blocks {
  return {
    before: beforeYouStart(facts, {
      systems: [...LINUX_SYSTEMS, LINUX_SPACE],
      rights: "Root on the host. `sudo -i` opens a root shell.",
      also: ["`curl`, `wget` or apt on the host. It needs no openssl."],
    }),
    token: [
      paragraph(
        "The command asks for the token and does not show it. It never appears in an argument, the shell history or a file. The sensor uses it once. After that, it has its own key.",
      ),
      paragraph(
        "Without a terminal, choose one of these ways. Change the line of the command that runs `install.sh`:",
      ),
      list(
        `A file that only root can read: add \`--token-file ${TOKEN_FILE}\` at the end of that line, and delete the file afterwards.`,
        "Standard input: add `--token -` at the end of that line.",
        "The variable `ATTACKLENS_TOKEN`, set by your vault's command line tool. Use a root shell, and remove `$(command -v sudo)` from that line: sudo removes the variable. The script removes it from the environment before it starts any program.",
        "A systemd credential: run the command as root, without `$(command -v sudo)`, in a unit with `LoadCredential=attacklens-token:FILE`, or `LoadCredentialEncrypted=` with a file that `systemd-creds encrypt` created.",
      ),
    ],
    install: [
      step(
        "Paste this command, and then the token at the prompt",
        code({
          id: "install",
          title: "Install, enroll and start the sensor",
          language: "sh",
          where: `${AS_ROOT}, or as a user who can use sudo`,
          text: shellInstallCommand(facts),
        }),
        paragraph(
          facts.caSha256 === null
            ? "It downloads the installation script of the server and runs it. The script checks the host, downloads the program, compares its SHA-256, and runs `attacklens-sensor install`."
            : "It downloads the certificate of the server's private CA and compares its SHA-256 with the one in the command. It then trusts only this CA, downloads the installation script and runs it. The script checks the host, downloads the program, compares its SHA-256, and runs `attacklens-sensor install`.",
        ),
      ),
      step(
        "Wait for the last line",
        code({
          id: "output",
          title: "What it prints",
          language: "text",
          where: "on the host",
          text: installOutput(facts),
        }),
        arrival(),
      ),
    ],
    verify: verifyOnHost(),
    upgrade: upgradeByScript(
      "To upgrade one host now, run the installation command again. An enrolled host needs no token: it keeps its key and its history.",
    ),
    uninstall: uninstallOnHost(),
    machine: onTheMachine("systemd", facts.server),
    collected: collectedFacts(),
    troubleshooting: troubleshooting({ script: "shell", service: "linux" }),
  };
}

/** The lines of `attacklens-sensor install` on a host that has no sensor yet. */
export function installOutput({ server, version }: DeployFacts): string {
  return [
    `program    installed ${version} in /var/lib/attacklens-sensor/versions/stable/attacklens-sensor`,
    "identity   enrolled web-01 as sen_…",
    "service    registered attacklens-sensor.service with systemd; it starts at each boot",
    "start      started the service",
    "inventory  the server has the inventory of this host after 3 s",
    `done: this host reports to ${server} as sen_…`,
  ].join("\n");
}
