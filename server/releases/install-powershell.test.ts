// install.ps1 and its commands: only their syntax is checked, because no Windows runs here.
import { expect, test } from "bun:test";
import { powerShellInstallCommand } from "@attacklens/protocol/releases/install-command.ts";
import { quotePowerShell } from "@attacklens/protocol/releases/quote.ts";
import { findPowerShellErrors } from "../../harness/powershell.ts";
import { makeAuthority, pinOf } from "../certificates/x509.ts";
import { openTestReleases } from "../testing/test-release.ts";
import { openInstallScripts } from "./install-scripts.ts";

const target = { server: "https://attacklens.example.com", caPin: null, caSha256: null };
const pinned = { ...target, caPin: `sha256:${"a".repeat(64)}`, caSha256: "b".repeat(64) };

async function renderScript(server: string): Promise<string> {
  using releases = openTestReleases();
  const { release } = releases.publish({ files: { "attacklens-sensor-windows-x64.exe": "MZ" } });
  const { certificate } = await makeAuthority(Date.now());
  const scripts = openInstallScripts({
    sensorUrl: () => server,
    roots: () => ({ pin: pinOf(certificate), pins: [pinOf(certificate)], certificates: [certificate] }),
    caFiles: () => [`${certificate.trim()}\n`],
  });
  const files = new Map(release.manifest.files.map((file) => [file.name, { file, path: "" }]));
  return scripts.powerShell({ manifest: release.manifest, files });
}

test("the parser finds an error", async () => {
  expect(await findPowerShellErrors("$a = 'x'")).toEqual([]);
  expect(await findPowerShellErrors("if ($a -eq ) { }")).toHaveLength(1);
  expect(await findPowerShellErrors("function x { if ($a) {")).not.toEqual([]);
});

test("install.ps1 is PowerShell, with the values of the server", async () => {
  const text = await renderScript("https://attacklens.example.com");
  expect(await findPowerShellErrors(text)).toEqual([]);
  expect(text).toContain("$DefaultServer = 'https://attacklens.example.com'");
  expect(text).toMatch(/\$ServerPins = 'sha256:[0-9a-f]{64}'/);
  expect(text).toMatch(/\$Programs = 'windows-x64 2 [0-9a-f]{64} attacklens-sensor-windows-x64\.exe'/);
});

test("a quotation mark in a value stays a value", async () => {
  for (const text of ["it's", "’; Remove-Item C:\\; ‘", "$(whoami)", "'@"]) {
    expect(
      quotePowerShell(text)
        .slice(1, -1)
        .replaceAll(/(['‘’‚‛])\1/g, "$1"),
    ).toBe(text);
    expect(await findPowerShellErrors(`$a = ${quotePowerShell(text)}\n`)).toEqual([]);
  }
  expect(await findPowerShellErrors(await renderScript("https://o'clock.example"))).toEqual([]);
});

test("half a script does nothing: its last line calls the function", async () => {
  const lines = (await renderScript("https://attacklens.example.com")).trimEnd().split("\n");
  expect(lines.at(-1)).toBe("Install-AttackLensSensor @args");
  const outside = lines.slice(0, -1).filter((line) => /^[^ #]/.test(line));
  const pem = outside.filter((line) => /^[A-Za-z0-9+/=]+'?$|^-----/.test(line));
  expect(outside.filter((line) => !pem.includes(line))).toEqual(["function Install-AttackLensSensor {", "}"]);
});

test("the commands for Windows are PowerShell", async () => {
  for (const one of [target, pinned])
    expect(await findPowerShellErrors(powerShellInstallCommand(one, "-TokenFile token.txt"))).toEqual([]);
  expect(powerShellInstallCommand(pinned)).toContain(`-CaPin ${pinned.caPin}`);
});
