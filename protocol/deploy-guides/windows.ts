// The guides for Windows from PowerShell and Intune, and what that for Group Policy shares with them.
import { WINDOWS_TASK, windowsPaths } from "../installed-paths.ts";
import { powerShellInstallCommand } from "../releases/install-command.ts";
import { EXIT_CODES } from "../sensor-exits.ts";
import { arrival, upgradeByScript } from "./after.ts";
import { beforeYouStart } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Block, type Blocks, code, type DeployFacts, list, paragraph, step, table } from "./guide.ts";
import { troubleshooting } from "./troubleshooting.ts";

export const AS_ADMIN = "on the host, in PowerShell, opened with Run as administrator";
const PROGRAM = windowsPaths("$env:ProgramFiles", "$env:ProgramData").program;
const TASK_FOLDER = WINDOWS_TASK.slice(0, WINDOWS_TASK.lastIndexOf("\\") + 1);
export const SYSTEMS = [
  "Windows 10 version 1809, Windows Server 2019 or later, 64-bit, with Windows PowerShell 5.1.",
  "A CPU with SSE4.2 and POPCNT, made after 2010.",
  "250 MB of free disk space in `Program Files`. The installation needs space for two copies of the program.",
];
export const SMARTSCREEN =
  "The program is not signed by a publisher yet. If you use WDAC, AppLocker or a virus scanner that blocks unknown programs, allow its SHA-256. It is in `/download/manifest.json` on the server.";

export const VERIFY: Block[] = [
  code({
    id: "verify",
    title: "Show the task and the last check-in",
    language: "powershell",
    where: AS_ADMIN,
    text: `Get-ScheduledTask -TaskPath '${TASK_FOLDER}' -TaskName Sensor\n& "${PROGRAM}" status`,
  }),
  list(
    "The state of the task is `Running`.",
    "`status` shows `State connected` and the time of the last check-in. If anything is wrong, it shows the next step.",
  ),
  arrival(),
];

const UNINSTALL = `& "${PROGRAM}" uninstall`;

export const removed = (where: string): Block[] => [
  code({ id: "uninstall", title: "Remove the sensor", language: "powershell", where, text: UNINSTALL }),
  paragraph(
    "It stops the task, unenrolls the sensor, and lists each file that it removes. The console lists the sensor as Uninstalled.",
  ),
];

export function windowsPowerShell(facts: DeployFacts): Blocks {
  return {
    before: beforeYouStart(facts, {
      systems: SYSTEMS,
      rights: "An administrator. Open PowerShell with **Run as administrator**.",
      also: [SMARTSCREEN],
    }),
    token: [
      paragraph(
        "The script asks for the token and does not show it. It never appears in an argument, the history or a file. The sensor uses it once. After that, it has its own key.",
      ),
      paragraph("For unattended use, choose one of these ways:"),
      list(
        "A file that only administrators can read: add `-TokenFile C:\\ProgramData\\attacklens-token.txt` at the end of the line that begins with `powershell`, and delete the file afterwards.",
        "The variable `ATTACKLENS_TOKEN` in this PowerShell session, set by your vault's command line tool.",
      ),
    ],
    install: [
      step(
        "Paste these lines, and then the token at the prompt",
        code({
          id: "install",
          title: "Install, enroll and start the sensor",
          language: "powershell",
          where: AS_ADMIN,
          text: powerShellInstallCommand(facts),
        }),
        paragraph(
          "They download the installation script of the server and run it. The script checks the host, downloads the program, compares its SHA-256, and runs `attacklens-sensor install`.",
        ),
      ),
      step("Wait for the last line, which begins with `done:`", arrival()),
    ],
    verify: VERIFY,
    upgrade: upgradeByScript(
      "To upgrade one host now, run the installation lines again. An enrolled host keeps its key and its history.",
    ),
    uninstall: removed(AS_ADMIN),
    machine: onTheMachine("windows", facts.server),
    collected: collectedFacts("windows"),
    troubleshooting: troubleshooting({ script: "powershell", service: "windows" }),
  };
}

export const INSTALL_SCRIPT = "install-sensor.ps1";
const DETECTION_SCRIPT = "detect-sensor.ps1";
const UNINSTALL_SCRIPT = "uninstall-sensor.ps1";
export const TOKEN = "token.txt";

/** Stores the token beside the scripts. */
export const storeToken = (folder: string) =>
  code({
    id: "token",
    title: "Store the token: paste it at the prompt",
    language: "powershell",
    where: folder,
    // One block: the prompt would read the next line if both are pasted.
    text: `& {
  $Token = Read-Host -AsSecureString 'Enrollment token'
  [IO.File]::WriteAllText("$PWD\\${TOKEN}", [Net.NetworkCredential]::new('', $Token).Password)
}`,
  });

/** Ends with 0 on an enrolled host: `status` has exit code 5 on any other. */
const IS_ENROLLED = `$Sensor = "${PROGRAM}"
if (Test-Path $Sensor) {
  & $Sensor status
  if ($LASTEXITCODE -ne ${EXIT_CODES.identity}) { exit 0 }
}
`;

export function managedScript(facts: DeployFacts, tokenFile: string): string {
  return `${IS_ENROLLED}${powerShellInstallCommand(facts, `-TokenFile ${tokenFile}`)}
exit $LASTEXITCODE
`;
}

export function intune(facts: DeployFacts): Blocks {
  const folder = "on your workstation, in PowerShell, in an empty folder `attacklens`";
  return {
    before: beforeYouStart(facts, {
      systems: [...SYSTEMS, "Hosts that Intune manages, with the Intune Management Extension."],
      rights: "The Intune role Application Manager.",
      also: [
        "The Microsoft Win32 Content Prep Tool (`IntuneWinAppUtil.exe`) on your workstation, in a folder of the `PATH`.",
        SMARTSCREEN,
      ],
    }),
    token: [
      paragraph(
        "The token is a file in the app's package. The Content Prep Tool encrypts the package, Intune stores it encrypted, and only a host to which the app is assigned can decrypt it. The host decrypts it to `C:\\Windows\\IMECache`, which only administrators can read, and deletes it after the installation. The token is in no script: Intune shows scripts to every administrator, and hosts log them.",
      ),
      paragraph(
        "An administrator of a host can read the token while the app is installed. So set an expiry and an enrollment limit on the token.",
      ),
      storeToken(folder),
    ],
    install: [
      step(
        "Write the scripts to the folder of the token",
        code({
          id: "script",
          title: "Installs the sensor",
          language: "powershell",
          where: folder,
          file: INSTALL_SCRIPT,
          text: managedScript(facts, `"$PSScriptRoot\\${TOKEN}"`),
        }),
        code({
          id: "detection-script",
          title: "Detects whether the host is enrolled",
          language: "powershell",
          where: folder,
          file: DETECTION_SCRIPT,
          text: `${IS_ENROLLED}exit 1\n`,
        }),
        code({
          id: "uninstall-script",
          title: "Removes the sensor",
          language: "powershell",
          where: folder,
          file: UNINSTALL_SCRIPT,
          text: `${UNINSTALL}\nexit $LASTEXITCODE\n`,
        }),
      ),
      step(
        "Make the package",
        code({
          id: "package",
          title: "Encrypts the folder into one file, and deletes the token",
          language: "powershell",
          where: folder,
          text: `IntuneWinAppUtil.exe -q -c . -s ${INSTALL_SCRIPT} -o ..\\attacklens-package\nRemove-Item ${TOKEN}`,
        }),
      ),
      step(
        "Add the app in the Intune admin center",
        paragraph(
          "Choose **Apps > Windows > Create > Windows app (Win32)**, and select the file `install-sensor.intunewin`.",
        ),
        table(
          ["Field", "Value"],
          [
            ["Name", "AttackLens sensor"],
            ["Publisher", "AttackLens"],
            ["App version", facts.version],
            [
              "Install command",
              `\`%SystemRoot%\\Sysnative\\WindowsPowerShell\\v1.0\\powershell.exe -NoProfile -ExecutionPolicy Bypass -File ${INSTALL_SCRIPT}\``,
            ],
            [
              "Uninstall command",
              `\`%SystemRoot%\\Sysnative\\WindowsPowerShell\\v1.0\\powershell.exe -NoProfile -ExecutionPolicy Bypass -File ${UNINSTALL_SCRIPT}\``,
            ],
            ["Install behavior", "System"],
            ["Device restart behavior", "No specific action"],
            ["Operating system architecture", "64-bit"],
            ["Minimum operating system", "Windows 10 1809"],
            [
              "Detection rule",
              `Use a custom detection script: \`${DETECTION_SCRIPT}\`, run as 32-bit process on 64-bit clients: No`,
            ],
          ],
        ),
        paragraph(
          "`Sysnative` matters: Intune starts commands in a 32-bit process, for which Windows redirects some folders.",
        ),
      ),
      step(
        "Assign the app",
        paragraph(
          "Assign it as Required to a pilot group first, and then to all. Hosts install it at their next sync, within 8 hours, or at once after **Sync** on the device's page.",
        ),
        arrival("within a minute after the installation"),
      ),
    ],
    verify: [
      paragraph("In Intune, **Device install status** of the app shows Installed. On a host:"),
      ...VERIFY,
    ],
    upgrade: upgradeByScript(
      "The app needs no new version: a host that gets it later installs the release that the server then offers.",
    ),
    uninstall: [
      paragraph(
        "Assign the app as Uninstall to the group, and remove the other assignments. Intune then runs this on each host:",
      ),
      ...removed("on the host, run by Intune as SYSTEM"),
    ],
    machine: onTheMachine("windows", facts.server),
    collected: collectedFacts("windows"),
    troubleshooting: troubleshooting({
      script: "powershell",
      service: "windows",
      tool: {
        name: "Messages of Intune. The output of the scripts is in `C:\\ProgramData\\Microsoft\\IntuneManagementExtension\\Logs`",
        rows: [
          [
            "`0x87D1041C`: the application was not detected after installation",
            "The script ended, but the host is not enrolled.",
            "Run the installation command on one host and read its message.",
          ],
          [
            "`0x80070001`",
            "The script ended with exit code 1. Its sentence is one of those below.",
            "Run the installation command on one host and read its message.",
          ],
        ],
      },
    }),
  };
}
