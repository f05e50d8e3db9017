import { expect, test } from "bun:test";
import { systemItem } from "@attacklens/protocol/inventory/system.ts";
import { registryOf } from "../../testing/reg-file.ts";
import { readWindowsFixture } from "../../testing/windows-disk.ts";
import { readHost, readOs } from "./system.ts";

const WINDOWS_11 = registryOf(readWindowsFixture("windows-11.reg"));
const CURRENT_VERSION = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
const osOf = (...lines: string[]) =>
  systemItem.parse(
    readOs(registryOf(["Windows Registry Editor Version 5.00", `[${CURRENT_VERSION}]`, ...lines].join("\n"))),
  );
const live = { hostname: "PC-0042", bootedAt: undefined, timeZone: "Europe/Berlin" };

test.each([
  [
    "Windows Server 2019",
    [
      '"ProductName"="Windows Server 2019 Standard"',
      '"CurrentMajorVersionNumber"=dword:0000000a',
      '"CurrentMinorVersionNumber"=dword:00000000',
      '"CurrentBuildNumber"="17763"',
      '"UBR"=dword:00001472',
      '"ReleaseId"="1809"',
      '"InstallationType"="Server Core"',
    ],
    {
      name: "Windows Server 2019 Standard",
      version: "10.0.17763.5234",
      displayVersion: "1809",
      installationType: "Server Core",
    },
  ],
  [
    "Windows 8.1, which has no numbers",
    ['"ProductName"="Windows 8.1 Pro"', '"CurrentVersion"="6.3"', '"CurrentBuild"="9600"'],
    { name: "Windows 8.1 Pro", version: "6.3.9600", buildId: "9600" },
  ],
  ["a build as a number", ['"CurrentBuildNumber"=dword:00005867', '"UBR"="12"'], { version: "22631.12" }],
  ["nothing", [], { name: "Windows", version: "" }],
])("reads %s", (_, lines, expected) => {
  expect(osOf(...lines)).toMatchObject(expected);
});

test("a host is in a domain, in a workgroup, or was in a domain", () => {
  const domainOf = (kind: "domain" | "workgroup", name: string, registry = WINDOWS_11) => {
    const { domain, workgroup } = readHost(registry, { ...live, join: { kind, name } });
    return { domain, workgroup };
  };
  expect(domainOf("domain", "CORP")).toEqual({ domain: "CORP", workgroup: undefined });
  expect(domainOf("workgroup", "WORKGROUP")).toEqual({ domain: "corp.example.com", workgroup: undefined });
  const left = registryOf(
    readWindowsFixture("windows-11.reg")
      .replaceAll('Domain"="corp.example.com"', 'Domain"=""')
      .replace('"MachineDomain"=""', '"MachineDomain"="corp.example.com"'),
  );
  expect(domainOf("workgroup", "WORKGROUP", left)).toEqual({ domain: undefined, workgroup: "WORKGROUP" });
});
