// The guides for macOS: a shell, and Jamf or another MDM.
import { LAUNCHD_LABEL, LOGS, MACOS } from "../installed-paths.ts";
import { shellInstallCommand } from "../releases/install-command.ts";
import { AS_ROOT, arrival, upgradeByScript } from "./after.ts";
import { beforeYouStart } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Block, type Blocks, code, type DeployFacts, list, paragraph, step } from "./guide.ts";
import { indent } from "./sensor-command.ts";
import { troubleshooting } from "./troubleshooting.ts";

const SYSTEMS = [
  "macOS 13 or later, on Apple silicon or Intel.",
  "250 MB of free disk space. The installation needs space for two copies of the program.",
];
const SIGNATURE =
  "The program is not signed with an Apple Developer ID. macOS runs it, because it does not quarantine programs that `curl` downloads. A tool that allows only notarized programs must allow it.";
const LOGIN_ITEMS =
  "Users can turn off the sensor under **System Settings > General > Login Items**. On managed Macs, the configuration profile of the [Jamf guide](jamf.md) prevents that.";

const VERIFY: Block[] = [
  code({
    id: "verify",
    title: "Show the service and the last check-in",
    language: "sh",
    where: AS_ROOT,
    text: `${MACOS.command} service status\n${MACOS.command} status`,
  }),
  list(
    "`service status` shows `State running`. Its exit code is 0.",
    "`status` shows `State connected` and the time of the last check-in. If anything is wrong, it shows the next step.",
    `The log is \`${LOGS.launchd}\`.`,
  ),
  arrival(),
];

const removed = (where: string): Block[] => [
  code({
    id: "uninstall",
    title: "Remove the sensor",
    language: "sh",
    where,
    text: `${MACOS.command} uninstall`,
  }),
  paragraph(
    "It stops the service, unenrolls the sensor, and lists each file that it removes. The console lists the sensor as Uninstalled.",
  ),
];

export function macosShell(facts: DeployFacts): Blocks {
  return {
    before: beforeYouStart(facts, {
      systems: SYSTEMS,
      rights: "An administrator account on the Mac, which can use `sudo`.",
      also: [SIGNATURE],
    }),
    token: [
      paragraph(
        "The command asks for the token and does not show it. It never appears in an argument, the shell history or a file. The sensor uses it once. After that, it has its own key.",
      ),
      paragraph(
        "Without a terminal, write the token to a file that only root can read, add `--token-file FILE` at the end of the line that runs `install.sh`, and delete the file afterwards.",
      ),
    ],
    install: [
      step(
        "Paste this command in Terminal, and then the token at the prompt",
        code({
          id: "install",
          title: "Install, enroll and start the sensor",
          language: "sh",
          where: "on the Mac, in zsh or bash, as root or an administrator",
          text: shellInstallCommand(facts, { system: "darwin" }),
        }),
        paragraph("`sudo` asks for your password first."),
      ),
      step("Wait for the last line, which begins with `done:`", arrival(), paragraph(LOGIN_ITEMS)),
    ],
    verify: VERIFY,
    upgrade: upgradeByScript(
      "To upgrade one Mac now, run the installation command again. An enrolled Mac keeps its key and its history.",
    ),
    uninstall: removed(AS_ROOT),
    machine: onTheMachine("macos", facts.server),
    collected: collectedFacts("macos"),
    troubleshooting: troubleshooting({ script: "shell", service: "macos" }),
  };
}

const TOKEN_FILE = "/private/var/root/attacklens-token";
const TOKEN_PACKAGE = "com.attacklens.token";

export function jamf(facts: DeployFacts): Blocks {
  const workstation = "on your Mac, in an empty folder, in zsh or bash";
  return {
    before: beforeYouStart(facts, {
      systems: [
        ...SYSTEMS,
        "Macs that Jamf Pro manages. Another MDM that installs packages and runs scripts as root works in the same way.",
      ],
      rights:
        "In Jamf Pro, the right to upload packages and scripts, and to create policies and configuration profiles.",
      also: [SIGNATURE],
    }),
    token: [
      paragraph(
        "A package puts the token into a file that only root can read. The script hands the file to the sensor and deletes it. The token is in no script and in no script parameter: Jamf shows both to every administrator, and parameters appear in the process list of the Mac.",
      ),
      paragraph(
        "Anyone who can read the packages on your distribution point can read the token. So set an expiry and an enrollment limit on the token, and delete the package and the policy when no more Macs are to enroll.",
      ),
      code({
        id: "token",
        title: "Make the package with the token: paste it at the prompt",
        language: "sh",
        where: workstation,
        text: `(
  umask 077 && mkdir -p payload/private/var/root &&
  printf 'Enrollment token (it is not shown): ' && read -rs TOKEN && echo &&
  printf %s "$TOKEN" > payload${TOKEN_FILE} &&
  pkgbuild --root payload --identifier ${TOKEN_PACKAGE} --version 1 --ownership recommended attacklens-token.pkg
  rm -rf payload
)`,
      }),
    ],
    install: [
      step(
        "Add the script in Jamf Pro",
        paragraph(
          "Choose **Settings > Computer management > Scripts > New**, and paste it as the script. It has no parameters.",
        ),
        code({
          id: "script",
          title: "Installs the sensor if the Mac has none",
          language: "sh",
          where: "in Jamf Pro",
          file: "attacklens-sensor.sh",
          text: `#!/bin/sh
if ${MACOS.command} service status >/dev/null 2>&1; then
  rm -f ${TOKEN_FILE}
  exit 0
fi
${shellInstallCommand(facts, { system: "darwin", options: `--token-file ${TOKEN_FILE}`, asRoot: true })}
code=$?
rm -f ${TOKEN_FILE}
pkgutil --forget ${TOKEN_PACKAGE} >/dev/null 2>&1
exit $code
`,
        }),
      ),
      step(
        "Prevent users from turning off the sensor",
        paragraph(
          "Upload this configuration profile under **Computers > Configuration Profiles > Upload**, and scope it to the same Macs before the policy runs.",
        ),
        code({
          id: "profile",
          title: "Manages the login item",
          language: "xml",
          where: "in Jamf Pro",
          file: "attacklens-login-item.mobileconfig",
          text: PROFILE,
        }),
      ),
      step(
        "Make the policy",
        list(
          "Upload `attacklens-token.pkg` under **Settings > Computer management > Packages**.",
          "Choose **Computers > Policies > New**, with the trigger **Recurring Check-in** and the frequency **Once per computer**. Select **Automatically re-run policy on failure**.",
          "Add the package, with the action **Install**.",
          "Add the script, with the priority **After**.",
          "Scope it to a few Macs first, and then to all.",
        ),
        code({
          id: "install",
          title: "Try it on one Mac",
          language: "sh",
          where: "on the Mac, in a root shell",
          text: "jamf policy",
        }),
        arrival("within a minute after the policy has run"),
      ),
    ],
    verify: [
      paragraph(
        "In Jamf Pro, the log of the policy shows Completed and, at its end, a line that begins with `done:`. On a Mac:",
      ),
      ...VERIFY,
    ],
    upgrade: upgradeByScript(
      "The policy needs no change: a Mac that gets it later installs the release that the server then offers.",
    ),
    uninstall: [
      paragraph("Run this as a script of a policy, which needs no token:"),
      ...removed("on the Mac, run by Jamf as root"),
      paragraph("Remove the configuration profile afterwards."),
    ],
    machine: onTheMachine("macos", facts.server),
    collected: collectedFacts("macos"),
    troubleshooting: troubleshooting({
      script: "shell",
      service: "macos",
      tool: {
        name: "Messages of Jamf",
        rows: [
          [
            "`Script exit code: 1`",
            "The installation script stopped. Its sentence is in the log of the policy.",
            "Find the sentence below.",
          ],
          [
            "`Cannot read the token file`",
            "The package with the token was not installed before the script.",
            "Set the priority of the script to After, and add the package to the same policy.",
          ],
        ],
      },
    }),
  };
}

const payload = (entries: string[]) => entries.join("\n");

const PROFILE = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadType</key>
  <string>Configuration</string>
  <key>PayloadVersion</key>
  <integer>1</integer>
  <key>PayloadIdentifier</key>
  <string>com.attacklens.login-item</string>
  <key>PayloadUUID</key>
  <string>4B0B3B52-6B1E-4B5C-9D0A-6D8B0B1C7E11</string>
  <key>PayloadDisplayName</key>
  <string>AttackLens sensor</string>
  <key>PayloadScope</key>
  <string>System</string>
  <key>PayloadContent</key>
  <array>
${indent(
  payload([
    "<dict>",
    "  <key>PayloadType</key>",
    "  <string>com.apple.servicemanagement</string>",
    "  <key>PayloadVersion</key>",
    "  <integer>1</integer>",
    "  <key>PayloadIdentifier</key>",
    "  <string>com.attacklens.login-item.rules</string>",
    "  <key>PayloadUUID</key>",
    "  <string>0E4B6F8A-2C35-4B0E-8E0F-5D3C9A7B4F22</string>",
    "  <key>Rules</key>",
    "  <array>",
    "    <dict>",
    "      <key>RuleType</key>",
    "      <string>LabelPrefix</string>",
    "      <key>RuleValue</key>",
    `      <string>${LAUNCHD_LABEL}</string>`,
    "    </dict>",
    "  </array>",
    "</dict>",
  ]),
  4,
)}
  </array>
</dict>
</plist>
`;
