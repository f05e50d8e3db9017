import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serviceItem } from "@attacklens/protocol/inventory/services.ts";
import { registryOf } from "../../testing/reg-file.ts";
import { openHostFiles } from "../host-files.ts";
import { readServices, type ServiceStatus } from "./services.ts";

const WINDOWS_11 = readFileSync(join(import.meta.dir, "../../testdata/windows/windows-11.reg"), "utf8");

function servicesOf(text: string, statuses?: ReadonlyMap<string, ServiceStatus>) {
  const host = {
    files: openHostFiles("/nonexistent"),
    registry: registryOf(text),
    variables: new Map([["systemroot", "C:\\Windows"]]),
    profiles: [],
    users: [],
    pathOf: () => undefined,
  };
  return readServices(host, statuses).map((item) => serviceItem.parse(item));
}

test("reports programs that are services, not drivers and not copies for one user", () => {
  expect(servicesOf(WINDOWS_11).map(({ name }) => name)).toEqual([
    "Dnscache",
    "wuauserv",
    "BackupAgent",
    "Quoted",
    "NoSuffix",
  ]);
});

test("reports the program, the library, the account and the start, and no argument", () => {
  const items = servicesOf(WINDOWS_11);
  expect(JSON.stringify(items)).not.toContain("PLANTED");
  expect(items).toMatchObject([
    {
      command: "C:\\Windows\\system32\\svchost.exe",
      library: "C:\\Windows\\System32\\dnsrslvr.dll",
      user: "NETWORK SERVICE",
      enablement: "automatic-trigger",
    },
    { command: "C:\\Windows\\system32\\svchost.exe", user: "SYSTEM", enablement: "manual" },
    {
      command: "C:\\Program Files\\Backup Agent\\bin\\agent.exe",
      description: "Backup Agent",
      user: "svc-backup",
      enablement: "automatic-delayed",
    },
    { command: "C:\\Program Files\\Quoted\\q.exe", user: "CORP\\svc$", enablement: "disabled" },
    { command: "C:\\tools\\runner", enablement: "automatic", user: "SYSTEM" },
  ]);
});

test("the service control manager says what runs", () => {
  const status = (state: number, exitCode: number): ServiceStatus => ({
    displayName: "DNS-Client",
    state,
    exitCode,
  });
  const statuses = new Map([
    ["dnscache", status(4, 0)],
    ["wuauserv", status(1, 1077)],
    ["backupagent", status(1, 5)],
    ["quoted", status(2, 0)],
  ]);
  const items = servicesOf(WINDOWS_11, statuses);
  expect(items.map(({ name, state }) => [name, state])).toEqual([
    ["Dnscache", "running"],
    ["wuauserv", "stopped"],
    ["BackupAgent", "failed"],
    ["Quoted", "starting"],
    ["NoSuffix", "stopped"],
  ]);
  // The registry has only a reference to the name.
  expect(items[0]?.description).toBe("DNS-Client");
  expect(servicesOf(WINDOWS_11).every(({ state }) => state === "unknown")).toBe(true);
});

test.each([
  ["LocalSystem", "SYSTEM"],
  ["NT AUTHORITY\\LocalService", "LOCAL SERVICE"],
  ["NT AUTHORITY\\LOCAL SERVICE", "LOCAL SERVICE"],
  ["nt authority\\networkservice", "NETWORK SERVICE"],
  ["NT SERVICE\\Example", "NT SERVICE\\Example"],
  [".\\anna", "anna"],
  ["", "SYSTEM"],
])("the account %p is %s", (account, expected) => {
  const path = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\X";
  const text = [
    "Windows Registry Editor Version 5.00",
    `[${path}]`,
    '"Type"=dword:00000010',
    '"Start"=dword:00000009',
  ];
  const [item] = servicesOf([...text, `"ObjectName"="${account.replaceAll("\\", "\\\\")}"`].join("\n"));
  expect(item).toMatchObject({ user: expected, enablement: "start 9" });
});
