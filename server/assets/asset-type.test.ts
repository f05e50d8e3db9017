import { expect, test } from "bun:test";
import { deriveAssetType, type TypeFacts } from "./asset-type.ts";

const MACHINES: [string, TypeFacts][] = [
  // Before the first report.
  ["server", {}],
  ["server", { platform: "linux", osName: "Debian GNU/Linux" }],
  ["endpoint", { platform: "windows", osName: "Windows 11 Pro" }],
  ["server", { platform: "windows", osName: "Windows Server 2022 Standard" }],
  ["endpoint", { platform: "darwin", osName: "macOS" }],
  // The chassis of hardware.
  ["laptop", { platform: "linux", osName: "Fedora Linux", chassis: "Notebook", virtualization: "none" }],
  ["laptop", { platform: "windows", osName: "Windows 11 Pro", chassis: "Convertible" }],
  ["desktop", { platform: "windows", osName: "Windows 11 Pro", chassis: "All in one" }],
  ["desktop", { platform: "linux", osName: "Ubuntu", chassis: "Mini tower" }],
  ["server", { platform: "linux", osName: "Ubuntu", chassis: "Rack mount" }],
  ["server", { platform: "windows", osName: "Windows Server 2025", chassis: "Tower" }],
  ["server", { platform: "linux", osName: "Debian GNU/Linux", chassis: "Tower", model: "PowerEdge T350" }],
  ["server", { platform: "linux", osName: "Debian GNU/Linux", chassis: "Docking station" }],
  // Virtualization comes first: hypervisors invent a chassis.
  ["virtual-machine", { platform: "linux", virtualization: "kvm", chassis: "Desktop" }],
  ["virtual-machine", { platform: "windows", osName: "Windows 11", virtualization: "vmware" }],
  ["virtual-machine", { platform: "linux", virtualization: "lxc" }],
  ["container-host", { platform: "linux", virtualization: "kubernetes" }],
  ["container-host", { platform: "linux", virtualization: "docker" }],
  ["endpoint", { platform: "linux", virtualization: "wsl" }],
  // Models of Macs.
  ["laptop", { platform: "darwin", virtualization: "none", model: "MacBookPro18,3" }],
  ["desktop", { platform: "darwin", virtualization: "none", model: "Macmini9,1" }],
  ["endpoint", { platform: "darwin", virtualization: "none", model: "Mac14,7" }],
  ["virtual-machine", { platform: "darwin", virtualization: "apple", model: "VirtualMac2,1" }],
];

test("the type of an asset follows from chassis, virtualization and system", () => {
  for (const [type, facts] of MACHINES)
    expect([deriveAssetType(facts), facts]).toEqual([type as never, facts]);
});
