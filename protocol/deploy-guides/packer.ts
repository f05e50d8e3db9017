import { pinOption, shellDownloadCommand } from "../releases/install-command.ts";
import { quoteShellIfNeeded } from "../releases/quote.ts";
import { arrival, uninstallOnHost, upgradeByScript, verifyOnHost } from "./after.ts";
import { beforeYouStart, LINUX_SPACE, LINUX_SYSTEMS } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Blocks, code, type DeployFacts, list, paragraph, step } from "./guide.ts";
import { troubleshooting } from "./troubleshooting.ts";

const FOLDER = "in the folder of your Packer template";
const SCRIPT = "attacklens-image.sh";
/** In memory: the image never contains it. */
const TOKEN_FILE = "/dev/shm/attacklens-token";

export function packer(facts: DeployFacts): Blocks {
  return {
    before: beforeYouStart(facts, {
      systems: [...LINUX_SYSTEMS, LINUX_SPACE],
      rights: "Root on the machine from which Packer creates the image.",
      also: [
        "Packer 1.8 or later. Other tools that run a script before they make an image can run the same script.",
        "For Alpine and other systems with musl, add `-musl` after the closing `)` in the line of the script that sets `f`.",
        "While the image is built, the server must be reachable to download the program. The machine does not enroll.",
      ],
    }),
    token: [
      paragraph(
        "A machine that boots the image must enroll unattended, so the image contains the token, in `/var/lib/attacklens-sensor/sealed-token.json`, which only root can read. A clone deletes it as soon as it has enrolled. Anyone who can read the image can read the token. So create a token for this image only, with an expiry, an enrollment limit and your networks, and revoke it when you delete the image.",
      ),
      paragraph(
        "Packer gets the token from the environment, hides it in its output, and copies it to a file in the machine's memory. It is not in the template or in an argument.",
      ),
      code({
        id: "token",
        title: "Set the token: paste it at the prompt",
        language: "sh",
        where: "on the machine where Packer runs, in bash or zsh",
        // One line: the prompt would read the next one if both are pasted.
        text: "stty -echo; printf 'Enrollment token (it is not shown): '; read -r PKR_VAR_attacklens_token; stty echo; echo; export PKR_VAR_attacklens_token",
      }),
      paragraph(
        "In CI, let the secret store of the CI set the variable `PKR_VAR_attacklens_token` of this job.",
      ),
    ],
    install: [
      step(
        "Write the script",
        code({
          id: "script",
          title: "Prepares the image",
          language: "sh",
          where: FOLDER,
          file: SCRIPT,
          text: imageScript(facts),
        }),
      ),
      step(
        "Add the provisioners at the end of your build",
        code({
          id: "packer",
          title: "The variable and the provisioners",
          language: "hcl",
          where: FOLDER,
          file: "attacklens.pkr.hcl",
          text: PACKER,
          replace: [{ text: "source.amazon-ebs.host", by: "the source of your template" }],
        }),
        paragraph(
          "If your template has a `build` block, put the two provisioners at its end instead. The account must be able to run `sudo` without a password.",
        ),
      ),
      step(
        "Build the image, and boot a machine from it",
        code({
          id: "install",
          title: "Build it",
          language: "sh",
          where: FOLDER,
          text: "packer init .\npacker build .",
        }),
        paragraph(
          "`prepare-image` installs the program and the service, seals the token, and removes what belongs to this machine. It neither enrolls nor starts the sensor. A machine that boots the image and has another machine id, product UUID, serial number or cloud instance id enrolls on its first boot.",
        ),
        arrival("a minute after its first boot"),
      ),
    ],
    verify: [
      paragraph("On a machine that booted the image:"),
      ...verifyOnHost(),
      list(
        "On the template itself, `attacklens-sensor status` shows `image template`.",
        "If the server refuses the token, the machine tries again every 15 minutes, and `status` shows the reason.",
      ),
    ],
    upgrade: upgradeByScript(
      "Build the image again for each release, so that new machines start with it. A machine that starts with an older sensor updates itself.",
    ),
    uninstall: [
      ...uninstallOnHost(),
      paragraph(
        "To remove the sensor from the template, run the same command there. It deletes the sealed token, too.",
      ),
    ],
    machine: onTheMachine("systemd", facts.server),
    collected: collectedFacts(),
    troubleshooting: troubleshooting({
      service: "linux",
      tool: {
        name: "Messages while the image is built, and on its machines",
        rows: [
          [
            "`Cannot prepare an image: this host is enrolled`",
            "The template was installed as a host. All its clones would have its key.",
            "Run `attacklens-sensor unenroll` on the template, and build again.",
          ],
          [
            '`Unset variable "attacklens_token"`',
            "The environment of Packer has no token.",
            "Set the token as above, in the same shell.",
          ],
          [
            "A machine shows `image template` and does not enroll",
            "It has the machine id and the hardware of the template.",
            "Empty `/etc/machine-id` in the image: the script does.",
          ],
          [
            "The template enrolls when you boot it to update it",
            "Its machine id was emptied, so it got another one.",
            "Add `--ignore-machine-id` to `prepare-image`. Then only hardware and cloud instance id count.",
          ],
        ],
      },
    }),
  };
}

function imageScript(facts: DeployFacts): string {
  const proxy = facts.proxy ? `--proxy ${quoteShellIfNeeded(facts.proxy)}` : "";
  const prepare = [
    '"$d/$f" prepare-image --server "$s"',
    pinOption(facts),
    proxy,
    `--token-file ${TOKEN_FILE}`,
  ];
  const download = shellDownloadCommand(facts, {
    begin: ["f=attacklens-sensor-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"],
    file: { path: `/download/${facts.version}/$f`, name: "$f" },
    commands: ['chmod 755 "$d/$f"', prepare.filter((word) => word !== "").join(" ")],
  });
  return `#!/bin/sh
# Runs as root, as the last step before the image is made.
set -eu
chmod 600 ${TOKEN_FILE}
${download}
rm -f ${TOKEN_FILE}
# Each machine gets its own machine id on its first boot.
truncate -s 0 /etc/machine-id
rm -f /var/lib/dbus/machine-id
`;
}

const PACKER = `variable "attacklens_token" {
  type      = string
  sensitive = true
}

build {
  sources = ["source.amazon-ebs.host"]

  # To memory: the image never contains this file.
  provisioner "file" {
    content     = var.attacklens_token
    destination = "${TOKEN_FILE}"
  }

  provisioner "shell" {
    script          = "\${path.root}/${SCRIPT}"
    execute_command = "sudo sh {{ .Path }}"
  }
}
`;
