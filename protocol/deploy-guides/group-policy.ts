import { arrival, upgradeByScript } from "./after.ts";
import { beforeYouStart } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Blocks, code, type DeployFacts, list, paragraph, step } from "./guide.ts";
import { troubleshooting } from "./troubleshooting.ts";
import {
  AS_ADMIN,
  INSTALL_SCRIPT,
  managedScript,
  removed,
  SMARTSCREEN,
  SYSTEMS,
  storeToken,
  TOKEN,
  VERIFY,
} from "./windows.ts";

const SHARE = "\\\\fileserver.example.com\\attacklens$";

export function groupPolicy(facts: DeployFacts): Blocks {
  const share = "on your workstation, in PowerShell, in the folder of the share";
  const replace = [{ text: "fileserver.example.com", by: "your file server" }];
  return {
    before: beforeYouStart(facts, {
      systems: [...SYSTEMS, "Hosts that are joined to an Active Directory domain."],
      rights:
        "The right to create a share and a Group Policy Object (GPO), and to link it to an organizational unit.",
      also: [SMARTSCREEN],
    }),
    token: [
      paragraph(
        "The token is a file on a share that only computer accounts of the hosts can read. It is in no script and not in SYSVOL, which every user of the domain can read. Each host reads it at its start as SYSTEM, with its computer account.",
      ),
      list(
        `Create the hidden share \`${SHARE}\` with share permission Read for **Domain Computers**, and no other entry except its administrators.`,
        "Set the same NTFS permissions on the folder, and remove those that it inherits.",
        "To narrow it, use a security group of the computers instead of Domain Computers.",
      ),
      { ...storeToken(share) },
      paragraph(
        "An administrator of a host can read the file as the computer account does. So set an expiry and an enrollment limit on the token. Delete the file after the rollout.",
      ),
    ],
    install: [
      step(
        "Write the start-up script",
        code({
          id: "script",
          title: "Installs the sensor if the host has none",
          language: "powershell",
          where: "on your workstation",
          file: INSTALL_SCRIPT,
          text: managedScript(facts, `'${SHARE}\\${TOKEN}'`),
          replace,
        }),
      ),
      step(
        "Make the GPO",
        list(
          "In **Group Policy Management**, create a GPO, e.g. `AttackLens sensor`, and edit it.",
          "Open **Computer Configuration > Policies > Windows Settings > Scripts > Startup**, choose the tab **PowerShell Scripts**, then **Show Files**, and copy the script there. Then choose **Add** and select it.",
          "Under **Computer Configuration > Policies > Administrative Templates > System > Logon**, enable **Always wait for the network at computer startup and logon**.",
          "Under **Computer Configuration > Policies > Administrative Templates > System > Scripts**, leave the maximum wait time at 600 seconds.",
        ),
      ),
      step(
        "Link the GPO",
        paragraph(
          "Link it to an organizational unit with a few computers first. A computer runs the script at its next start after it has read the policy.",
        ),
        code({
          id: "install",
          title: "Try it on one host",
          language: "powershell",
          where: AS_ADMIN,
          text: "gpupdate /target:computer /force\nRestart-Computer",
        }),
        arrival("within a minute after the start"),
      ),
    ],
    verify: VERIFY,
    upgrade: upgradeByScript(
      "The GPO needs no change: a host that gets it later installs the release that the server then offers.",
    ),
    uninstall: [
      paragraph(
        "Replace the start-up script of the GPO with this line. Each host removes the sensor at its next start.",
      ),
      ...removed("on the host, run by the GPO as SYSTEM"),
      paragraph("Afterwards, delete the GPO, the share and the token."),
    ],
    machine: onTheMachine("windows", facts.server),
    collected: collectedFacts("windows"),
    troubleshooting: troubleshooting({
      script: "powershell",
      service: "windows",
      tool: {
        name: "Messages of Windows",
        rows: [
          [
            "The script does not run",
            "The policy does not apply to the computer, or the computer was not restarted.",
            "Run `gpresult /h report.html /scope:computer` as an administrator: the report lists the GPO and its scripts.",
          ],
          [
            "`Cannot read the token file`",
            "The computer account may not read the share, or the network was not ready.",
            "Check the permissions of share and folder. Enable **Always wait for the network**.",
          ],
        ],
      },
    }),
  };
}
