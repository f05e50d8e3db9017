// The texts have the form of the tools' outputs. That of netstat is a part of a captured one: jc,
// tests/fixtures/osx-10.14.6/netstat-rnl.out (MIT), with other addresses.
import { expect, test } from "bun:test";
import { CATEGORY_ITEMS } from "@attacklens/protocol/inventory/category-items.ts";
import { makeMachine } from "../../testdata/unpack-machine.ts";
import { collectInventory } from "../collect.ts";
import { CannotRead } from "../collector.ts";
import { openHostFiles } from "../host-files.ts";
import { parseDscl } from "./directory.ts";
import { hardwareParts } from "./hardware.ts";
import { programPath } from "./launchd.ts";
import { noteMissingAccess } from "./macos-host.ts";
import { parseMounts } from "./mounts.ts";
import { parseRoutes, parseScutilDns } from "./network.ts";
import { launchdServices, parseLaunchctlPrint } from "./services.ts";
import { readFirewallFile } from "./settings.ts";
import { parseExecutables, parseLsof } from "./sockets.ts";
import { parseBootTime, parseIoreg, parseSysctl, readIdentifiers, readVirtualization } from "./system.ts";
import {
  parseEnrollment,
  parseFileVault,
  parseFirewallReport,
  parseFirewallState,
  parseGatekeeper,
  parseSip,
} from "./tool-settings.ts";
import { runTool } from "./tools.ts";

const PRINT = `system = {
\ttype = system
\tactive count = 3
\tservices = {
\t\t     341      - \torg.example.running
\t\t       0      0 \torg.example.done
\t\t       0     78 \torg.example.failed
\t\t       0     -9 \torg.example.ended
\t\t       0      - \torg.example.waiting
\t}

\tendpoints = {
\t\t 0x1 0 org.example.endpoint
\t}
}
`;

test("takes the state of services from the list of launchd", () => {
  const states = parseLaunchctlPrint(PRINT);
  const of = (label: string) =>
    launchdServices(
      [
        {
          label,
          kind: "daemon",
          file: "/Library/LaunchDaemons/x.plist",
          program: "/opt/x",
          user: "root",
          isEnabled: true,
          schedule: [],
        },
      ],
      states,
    )[0]?.state;
  expect(states?.size).toBe(5);
  expect(
    ["running", "done", "failed", "ended", "waiting", "absent"].map((name) => of(`org.example.${name}`)),
  ).toEqual(["running", "stopped", "failed", "stopped", "stopped", "stopped"]);
  expect(parseLaunchctlPrint("Could not print domain: 5: Input/output error")).toBeUndefined();
});

test("lists listening sockets with their processes", () => {
  const lsof = [
    ..."p88|claunchd|Lroot|f31|tIPv6|PTCP|n*:22|TST=LISTEN|TQR=0|TQS=0|f32|tIPv4|PTCP|n*:22|TST=LISTEN".split(
      "|",
    ),
    ..."p340|cGoogle\\x20Chrome|Lanna|f40|tIPv4|PUDP|n*:5353|f41|tIPv4|PUDP|n192.0.2.7:5000->192.0.2.9:443".split(
      "|",
    ),
    ..."f42|tIPv4|PUDP|n*:*|f43|tIPv6|PTCP|n[::1]:631|TST=LISTEN|f44|tIPv6|PUDP|n[fe80:4::1c3b]:123".split(
      "|",
    ),
    ..."f45|tIPv4|PTCP|n127.0.0.1:99|TST=ESTABLISHED".split("|"),
    ..."p12|cmDNSResponder|L_mdnsresponder|f6|tIPv4|PUDP|n*:5353".split("|"),
  ].join("\n");
  const executables = parseExecutables(
    "    1 /sbin/launchd\n   88 /sbin/launchd\n  340 /Applications/Google Chrome.app/Contents/MacOS/Google Chrome\n",
  );
  const ports = parseLsof(lsof, executables);
  for (const port of ports) CATEGORY_ITEMS.ports.parse(JSON.parse(JSON.stringify(port)));
  expect(ports.map(({ key }) => key)).toEqual([
    "tcp/[::]:22",
    "tcp/0.0.0.0:22",
    "udp/0.0.0.0:5353",
    "tcp/[::1]:631",
    "udp/[fe80::1c3b]:123",
  ]);
  expect(ports[0]?.processes).toEqual([
    { pid: 88, name: "launchd", executable: "/sbin/launchd", user: "root" },
  ]);
  expect(ports[2]?.processes.map(({ pid, name }) => `${pid} ${name}`)).toEqual([
    "12 mDNSResponder",
    "340 Google Chrome",
  ]);
});

const NETSTAT = `Routing tables

Internet:
Destination        Gateway            Flags        Refs      Use    Mtu   Netif Expire
default            192.0.2.254        UGSc           83       24   1500     en0
127                127.0.0.1          UCS             0        0  16384     lo0
192.0.2            link#10            UCS            12        0   1500     en0      !
192.0.2.64         e0:33:8e:68:38:d6  UHLWIi          2      470   1500     en0    753
10.8/16            10.9.0.1           UGSc            0        0   1500   utun3
224.0.0/4          link#10            UmCS            2        0   1500     en0      !

Internet6:
Destination                             Gateway                         Flags        Refs      Use    Mtu    Netif Expire
default                                 fe80::feae:34ff:fea1:3a80%en0   UGc             7        0   1500      en0
2001:db8:0:d40::/64                     link#10                         UC              2        0   1500      en0
fe80::%en0/64                           link#10                         UCI            13        0   1500      en0
`;

test("lists routes to networks", () => {
  expect(
    parseRoutes(NETSTAT).map(({ destination, gateway, interface: name }) => [destination, gateway, name]),
  ).toEqual([
    ["0.0.0.0/0", "192.0.2.254", "en0"],
    ["192.0.2.0/24", undefined, "en0"],
    ["10.8.0.0/16", "10.9.0.1", "utun3"],
    ["::/0", "fe80::feae:34ff:fea1:3a80", "en0"],
    ["2001:db8:0:d40::/64", undefined, "en0"],
  ]);
});

test("lists mounted disks and shares, without the account of a share", () => {
  const text = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s6 on /System/Volumes/VM (apfs, local, noexec, journaled, noatime, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//anna:PLANTED@nas.example.org/share on /Volumes/My (old) share (smbfs, nodev, nosuid, mounted by anna)
`;
  const mounts = parseMounts(text);
  for (const mount of mounts) CATEGORY_ITEMS.system.parse(JSON.parse(JSON.stringify(mount)));
  expect(mounts.map(({ path, device, options }) => [path, device, options])).toEqual([
    ["/", "/dev/disk3s1s1", ["ro"]],
    ["/System/Volumes/Data", "/dev/disk3s5", []],
    ["/Volumes/My (old) share", "//nas.example.org/share", ["nodev", "nosuid"]],
  ]);
});

test("lists the DNS servers of the host and of each interface", () => {
  const text = `DNS configuration

resolver #1
  search domain[0] : example.org
  nameserver[0] : 192.0.2.53
  nameserver[1] : 2001:db8::53
  if_index : 6 (en0)
  flags    : Request A records
  reach    : 0x00000002 (Reachable)

resolver #2
  domain   : local
  options  : mdns

DNS configuration (for scoped queries)

resolver #1
  nameserver[0] : 192.0.2.53
  if_index : 6 (en0)
`;
  expect(parseScutilDns(text)).toEqual([
    {
      key: "resolver:",
      kind: "resolver",
      interface: undefined,
      servers: ["192.0.2.53", "2001:db8::53"],
      search: ["example.org"],
    },
    { key: "resolver:en0", kind: "resolver", interface: "en0", servers: ["192.0.2.53"], search: [] },
  ]);
  expect(parseScutilDns("No DNS configuration available\n")).toEqual([]);
});

test("takes settings from the tools, and nothing from a text in another form", () => {
  const values = (settings: { name: string; value: string }[]) =>
    settings.map(({ name, value }) => `${name}: ${value}`);
  expect(values(parseFileVault("FileVault is On.\n"))).toEqual(["FileVault: on"]);
  expect(values(parseFileVault("FileVault is Off.\nEncryption in progress: Percent completed = 12"))).toEqual(
    ["FileVault: encryption in progress"],
  );
  expect(values(parseGatekeeper("assessments disabled\n"))).toEqual(["Gatekeeper: disabled"]);
  const sip = "System Integrity Protection status:";
  expect(values(parseSip(`${sip} enabled.\n`))).toEqual(["System Integrity Protection: enabled"]);
  expect(
    values(
      parseSip(`${sip} unknown (Custom Configuration).\n\nConfiguration:\n\tApple Internal: disabled\n`),
    ),
  ).toEqual(["System Integrity Protection: custom"]);
  expect(values(parseFirewallState("Firewall is enabled. (State = 1) \n"))).toEqual([
    "application firewall: enabled",
  ]);
  const report = {
    SPFirewallDataType: [
      {
        _name: "spfirewall_settings",
        spfirewall_globalstate: "spfirewall_globalstate_block_all",
        spfirewall_loggingenabled: "No",
        spfirewall_stealthenabled: "Yes",
      },
    ],
  };
  expect(values(parseFirewallReport(JSON.stringify(report)))).toEqual([
    "application firewall: block all",
    "stealth mode: enabled",
    "logging: disabled",
  ]);
  expect(
    values(
      parseEnrollment(
        "Enrolled via DEP: No\nMDM enrollment: Yes (User Approved)\nMDM server: https://user:PLANTED@mdm.example.org/mdm?key=PLANTED\n",
      ),
    ),
  ).toEqual(["Enrolled via DEP: No", "MDM enrollment: Yes (User Approved)", "MDM server: mdm.example.org"]);
  for (const parse of [
    parseFileVault,
    parseGatekeeper,
    parseSip,
    parseFirewallState,
    parseFirewallReport,
    parseEnrollment,
  ])
    for (const text of ["", "Error: unable", "{}", "[]", "null", '{"SPFirewallDataType":[7]}'])
      expect(parse(text)).toEqual([]);
});

test("collects nothing of the secrets on a disk, and only the programs of jobs", async () => {
  using machine = makeMachine("macos-14");
  const inventory = await collectInventory(machine.root);
  expect(JSON.stringify(inventory)).not.toContain("PLANTED");
  if (inventory.services.status !== "collected") throw new Error("not collected");
  const commands = Object.fromEntries(inventory.services.items.map(({ name, command }) => [name, command]));
  expect(commands).toMatchObject({
    "org.example.backup": "/usr/local/bin/backup",
    "org.example.command": "/Library/Application Support/Example/run",
    "org.example.variable": undefined,
  });
});

test("a program's path may have blanks, and loses what may be arguments", () => {
  const chrome = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
  const of = (text: string) => programPath(text, (path) => path === chrome);
  expect(of(chrome)).toBe(chrome);
  expect(of("/opt/tool positional")).toBe("/opt/tool");
  expect(of("/Library/Application Support/X/run positional")).toBe("/Library/Application Support/X/run");
  expect(of("Contents/MacOS/helper")).toBe("Contents/MacOS/helper");
  for (const text of ["", "  ", "KEY=value /opt/run", "https://host/x", "$HOME/run"])
    expect(of(text)).toBeUndefined();
});

test("the file of the firewall has no meaning since macOS 15", () => {
  using machine = makeMachine("macos-14");
  const files = openHostFiles(machine.root);
  expect(readFirewallFile(files, "14.6.1")?.[0]?.value).toBe("enabled");
  expect(readFirewallFile(files, "15.0")).toBeUndefined();
});

test("identifies the machine, except by placeholders", () => {
  const platform = parseIoreg(`+-o J314sAP  <class IOPlatformExpertDevice>
    {
      "manufacturer" = <"Apple Inc.">
      "IOPlatformSerialNumber" = "C02XXYYZZQ05"
      "IOPlatformUUID" = "0F0E0D0C-1111-4222-8333-444455556666"
      "model" = <"VirtualMac2,1">
    }
`);
  expect(readIdentifiers(platform)).toMatchObject({
    productUuid: "0f0e0d0c-1111-4222-8333-444455556666",
    serialNumber: "C02XXYYZZQ05",
    vendor: "Apple Inc.",
    model: "VirtualMac2,1",
  });
  expect(readIdentifiers(new Map([["IOPlatformSerialNumber", "0"]]))).not.toHaveProperty("serialNumber", "0");
  const sysctl = parseSysctl(
    "kern.boottime: { sec = 1700000000, usec = 5 } Tue Nov 14 22:13:20 2023\nkern.hv_vmm_present: 1\n",
  );
  expect(parseBootTime(sysctl.get("kern.boottime"))).toBe("2023-11-14T22:13:20Z");
  expect(readVirtualization(platform, sysctl)).toMatchObject([{ type: "apple" }]);
  expect(readVirtualization(platform, new Map())).toEqual([]);
});

test("lists the parts of machines with Intel and with Apple silicon", () => {
  const intel = {
    SPHardwareDataType: [{ boot_rom_version: "1554.140.20.0.0", serial_number: "x" }],
    SPMemoryDataType: [
      {
        _name: "spmemory",
        _items: [
          {
            _name: "BANK 0/DIMM0",
            dimm_size: "8 GB",
            dimm_type: "DDR4",
            dimm_speed: "2667 MHz",
            dimm_status: "ok",
            dimm_manufacturer: "Micron",
          },
          { _name: "BANK 1/DIMM0", dimm_size: "empty", dimm_type: "empty", dimm_status: "empty" },
        ],
      },
    ],
    SPSerialATADataType: [
      {
        _name: "Intel",
        _items: [
          {
            _name: "SSD",
            bsd_name: "disk0",
            device_model: "APPLE SSD SM0512F",
            size_in_bytes: 500277790720,
            spsata_medium_type: "Solid State",
            removable_media: "no",
          },
        ],
      },
    ],
  };
  const parts = hardwareParts(JSON.stringify(intel));
  for (const part of parts) CATEGORY_ITEMS.hardware.parse(JSON.parse(JSON.stringify(part)));
  expect(parts).toMatchObject([
    { kind: "firmware", version: "1554.140.20.0.0" },
    {
      name: "BANK 0/DIMM0",
      state: "installed",
      sizeBytes: 8 * 1024 ** 3,
      speedMtps: 2_667,
      vendor: "Micron",
    },
    { name: "BANK 1/DIMM0", state: "empty" },
    { name: "disk0", bus: "sata", sizeBytes: 500_277_790_720, rotational: false, removable: false },
  ]);
  const silicon = {
    SPMemoryDataType: [{ SPMemoryDataType: "16 GB", dimm_manufacturer: "Hynix", dimm_type: "LPDDR5" }],
    SPNVMeDataType: [
      {
        _items: [
          {
            bsd_name: "disk0",
            device_model: "APPLE SSD AP0512R",
            device_serial: "0ba0",
            device_revision: "561.100",
            size_in_bytes: 500277792768,
          },
        ],
      },
    ],
    SPPowerDataType: [
      {
        sppower_battery_health_info: { sppower_battery_health_maximum_capacity: "93%" },
        sppower_battery_model_info: { sppower_battery_device_name: "bq40z651" },
      },
    ],
  };
  expect(hardwareParts(JSON.stringify(silicon))).toMatchObject([
    { kind: "memory-module", sizeBytes: 16 * 1024 ** 3, type: "LPDDR5" },
    { name: "disk0", bus: "nvme", serialNumber: "0ba0", firmware: "561.100", rotational: false },
    { kind: "battery", model: "bq40z651", healthPercent: 95 },
  ]);
  for (const text of ["", "null", "[]", '{"SPMemoryDataType":{}}']) expect(hardwareParts(text)).toEqual([]);
});

test("reads the records that dscl prints", () => {
  const text = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><array><dict>
<key>dsAttrTypeStandard:RecordName</key><array><string>anna</string></array>
<key>dsAttrTypeNative:IsHidden</key><array><string>1</string></array>
<key>dsAttrTypeStandard:UniqueID</key><array><string>501</string></array>
</dict></array></plist>`;
  expect(parseDscl(text)).toEqual([
    new Map([
      ["recordname", ["anna"]],
      ["ishidden", ["1"]],
      ["uniqueid", ["501"]],
    ]),
  ]);
});

test("says that the result is partial without Full Disk Access", () => {
  const gapsWhere = (isRoot: boolean, failure?: Error) => {
    const gaps: { kind: string; subject: string }[] = [];
    noteMissingAccess(
      {
        isLive: true,
        open() {
          if (failure) throw failure;
          return undefined;
        },
        noteGap: (gap) => gaps.push(gap),
      },
      isRoot,
    );
    return gaps.map(({ kind, subject }) => `${kind} ${subject}`);
  };
  const refused = new CannotRead("TCC.db", "permission denied", "not-permitted");
  expect(gapsWhere(true, refused)).toEqual(["not-permitted Full Disk Access"]);
  expect(gapsWhere(false, refused)).toEqual(["not-permitted files of root and other users"]);
  expect(gapsWhere(true)).toEqual([]);
});

test("a tool that is missing, hangs, fails or prints without end is an error with its reason", async () => {
  const reason = (path: string, args: string[], timeoutMs = 5_000) =>
    runTool(path, args, timeoutMs).catch((error) => (error as CannotRead).reason);
  expect(await reason("/usr/sbin/no-such-tool", [])).toBe("this host does not have the tool");
  expect(await reason("/bin/sleep", ["60"], 50)).toBe("it did not end within 0.05 seconds");
  expect(await reason("/bin/false", [])).toBe("it ended with exit code 1");
  expect(await reason("/usr/bin/yes", [])).toBe("it printed more than 8388608 bytes");
  expect(await reason("/usr/bin/env", [])).not.toContain("TEST_DATABASE_URL");
});
