// No secret of a host with Windows is in what the sensor reports: neither of its registry nor of its tasks
// and packages. secrets.test.ts does the same for Linux.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSecrets, type Secrets } from "../testing/plant-secrets.ts";
import { collectWatched, reportOf } from "../testing/watch-files.ts";
import { makeWindowsDisk, readWindowsFixture } from "../testing/windows-disk.ts";

test("no secret in a key of the registry, a task or a package is in the report", async () => {
  const secrets = openSecrets();
  const reg = plantInRegistry(readWindowsFixture("windows-11.reg"), secrets);
  const files = Object.fromEntries(
    Object.entries(WINDOWS_FILES).map(([path, text]) => [path, secrets.fill(text, path)]),
  );
  using disk = makeWindowsDisk(reg, files);
  const watched = await collectWatched(disk.root);
  const hives = ["SOFTWARE", "SYSTEM"].map((name) => `Windows/System32/config/${name}`);
  const unplanted = [...watched.read]
    .filter((path) => existsSync(join(disk.root, path)))
    .filter((path) => ![...hives, ...Object.keys(files)].some((name) => path.endsWith(name)));
  expect(unplanted).toEqual([]);
  const report = await reportOf(disk.root, watched);
  expect(secrets.listIn(report)).toEqual([]);
  for (const fact of ["agent.exe", "backup.exe", "whole.exe", "putty", "Winlogon"])
    expect(report).toContain(fact);
});

const KEY = /^\[HKEY_[^\]]+\]$/;
/** Names of values that have passwords, commands or variables, whatever the key. */
const VALUES = [
  "Password",
  "DefaultPassword",
  "AltDefaultPassword",
  "AutoAdminLogonPassword",
  "UninstallString",
  "QuietUninstallString",
  "ModifyPath",
  "InstallSource",
  "Environment",
  "Arguments",
  "AppParameters",
  "ProxyServer",
  "ProductKey",
  "HelpLink",
  "Comments",
];

/** Adds values to each key, arguments to each command, and userinfo to each URL. */
function plantInRegistry(reg: string, secrets: Secrets): string {
  const lines = `${reg.trimEnd()}\n${REGISTRY}`.split("\n").flatMap((line) => {
    if (KEY.test(line)) {
      const added = VALUES.map((name) => `"Zq${name}"="--password=${secrets.make(`${line} ${name}`)}"`);
      return [line, ...added, `"${secrets.make(`name of a value in ${line}`)}"="1"`];
    }
    const command = /^"ImagePath"="(.*)"$/.exec(line)?.[1];
    const more = command && ` --password=${secrets.make(line)} -p${secrets.make(line)} ${secrets.make(line)}`;
    return [
      (more ? `"ImagePath"="${command}${more}"` : line).replace(
        /https?:\/\//,
        (start) => `${start}user:${secrets.make(line)}@`,
      ),
    ];
  });
  return secrets.fill(lines.join("\n"), "registry");
}

const SOFTWARE = "HKEY_LOCAL_MACHINE\\SOFTWARE";
const CURRENT_SET = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet";
const REGISTRY = `
[${SOFTWARE}\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Secrets]
"DisplayName"="putty"
"DisplayVersion"="https://user:SECRET@host/1.0"
"Publisher"="https://user:SECRET@host/"
"UninstallString"="C:\\\\x.exe --password=SECRET"
"QuietUninstallString"="C:\\\\x.exe /token SECRET"

[${SOFTWARE}\\SimonTatham\\PuTTY\\Sessions\\x]
"ProxyPassword"="SECRET"

[${SOFTWARE}\\Microsoft\\SNMP]
"Community"="SECRET"

[${CURRENT_SET}\\Services\\Whole]
"Type"=dword:00000010
"Start"=dword:00000002
"ImagePath"="\\"C:\\\\Tools\\\\whole.exe --password=SECRET SECRET\\""
"Environment"="TOKEN=SECRET"
"Password"="SECRET"

[${CURRENT_SET}\\Services\\Whole\\Parameters]
"AppParameters"="--password=SECRET"
"AppEnvironmentExtra"="TOKEN=SECRET"

[${CURRENT_SET}\\Services\\Positional]
"Type"=dword:00000010
"ImagePath"="C:\\\\Tools\\\\positional SECRET C:\\\\Tools\\\\other.exe"

[${CURRENT_SET}\\Services\\Relative]
"Type"=dword:00000010
"ImagePath"="relative SECRET other.exe"

[${CURRENT_SET}\\Services\\SNMP\\Parameters\\ValidCommunities]
"SECRET"=dword:00000004
`;

const task = (command: string) => `<?xml version="1.0"?>
<Task><RegistrationInfo><Author>SECRET</Author><Description>SECRET</Description><Documentation>SECRET</Documentation></RegistrationInfo>
<Triggers><TimeTrigger><StartBoundary>2024-01-01T03:00:00</StartBoundary><Interval>PASSWORD SECRET</Interval></TimeTrigger>
<EventTrigger><Subscription>SECRET</Subscription><ValueQueries><Value name="SECRET">SECRET</Value></ValueQueries></EventTrigger></Triggers>
<Principals><Principal><UserId>S-1-5-18</UserId><Password>SECRET</Password></Principal></Principals>
<Actions><Exec><Command>${command}</Command><Arguments>--password=SECRET SECRET</Arguments><WorkingDirectory>C:\\SECRET</WorkingDirectory></Exec>
<ComHandler><Data>SECRET</Data></ComHandler></Actions></Task>`;

const WINDOWS_FILES = {
  "Windows/System32/Tasks/Plain": task("C:\\Tools\\backup.exe"),
  "Windows/System32/Tasks/Quoted": task('"C:\\Tools\\quoted.exe --password=SECRET"'),
  "Windows/System32/Tasks/Joined": task("C:\\Tools\\joined.exe -pSECRET SECRET"),
  "Windows/System32/Tasks/Shell": task("cmd /c set PASSWORD=SECRET"),
  "Windows/System32/Tasks/Relative": task("tool SECRET other.exe"),
  "Windows/System32/Tasks/Damaged": "<Task><Password>SECRET",
  "ProgramData/chocolatey/lib/x/x.nuspec": `<package><metadata><id>x</id><version>1</version><authors>https://user:SECRET@host/</authors>
<projectUrl>https://user:SECRET@host/</projectUrl><description>SECRET</description><releaseNotes>SECRET</releaseNotes></metadata></package>`,
  "ProgramData/chocolatey/lib/y/y.nuspec": "<package><password>SECRET</password></package>",
};
