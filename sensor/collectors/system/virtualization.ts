// The virtualization that the system runs in, with the names of systemd-detect-virt(1): a container,
// otherwise a virtual machine, otherwise `none`. Reads only files: instead of querying the processor as
// systemd does, it uses the clocks that the kernel offers.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

export function readVirtualization(files: HostFiles): Extract<Item<"system">, { kind: "virtualization" }> {
  const type = findContainer(files) ?? findVirtualMachine(files) ?? "none";
  return { key: "virtualization", kind: "virtualization", type: factText(type, 60) };
}

export function findContainer(files: HostFiles): string | undefined {
  if (files.exists("/proc/vz") && !files.exists("/proc/bc")) return "openvz";
  if (/microsoft|wsl/i.test(files.findLine("/proc/sys/kernel/osrelease") ?? "")) return "wsl";
  const manager = files.findLine("/run/host/container-manager") ?? files.findLine("/run/systemd/container");
  if (manager !== undefined) return manager;
  const environment = files.findText("/proc/1/environ") ?? "";
  const named = /(?:^|\0)container=([^\0]+)/.exec(environment)?.[1];
  // The value "oci" is any OCI container, without the name of its runtime.
  if (named !== undefined && named !== "oci") return named;
  if (files.exists("/run/.containerenv")) return "podman";
  if (files.exists("/.dockerenv")) return "docker";
  return named === "oci" ? "container-other" : undefined;
}

/** Fields of the firmware in systemd's order, and the meaning of their prefixes. */
const DMI_FIELDS = ["product_name", "sys_vendor", "board_vendor", "bios_vendor", "product_version"];
const DMI_PREFIXES: [string, string][] = [
  ["KVM", "kvm"],
  ["OpenStack", "kvm"],
  ["KubeVirt", "kvm"],
  ["Amazon EC2", "amazon"],
  ["QEMU", "qemu"],
  ["VMware", "vmware"],
  ["VMW", "vmware"],
  ["innotek GmbH", "oracle"],
  ["VirtualBox", "oracle"],
  ["Oracle Corporation", "oracle"],
  ["Xen", "xen"],
  ["Bochs", "bochs"],
  ["Parallels", "parallels"],
  ["BHYVE", "bhyve"],
  ["Hyper-V", "microsoft"],
  ["Apple Virtualization", "apple"],
  ["Google Compute Engine", "google"],
];
/** Detected by firmware alone, because these use another vendor's hypervisor or that of the processor. */
const DMI_DECIDES = new Set(["oracle", "amazon", "xen", "parallels", "google", "apple"]);

export function findVirtualMachine(files: HostFiles): string | undefined {
  const dmi = byFirmware(files);
  const isBareMetalInCloud =
    dmi === "amazon" && /\.metal/.test(files.findLine("/sys/class/dmi/id/product_name") ?? "");
  if (isBareMetalInCloud) return undefined;
  if (dmi !== undefined && DMI_DECIDES.has(dmi)) return dmi;
  return byClock(files) ?? dmi ?? byDeviceTree(files) ?? (hasHypervisorFlag(files) ? "vm-other" : undefined);
}

function byFirmware(files: HostFiles): string | undefined {
  for (const field of DMI_FIELDS) {
    const text = files.findLine(`/sys/class/dmi/id/${field}`);
    const found = text && DMI_PREFIXES.find(([prefix]) => text.startsWith(prefix));
    if (found) return found[1];
  }
  // Hyper-V does not put its name into these fields, but uses the same model for every virtual machine.
  const isHyperV =
    files.findLine("/sys/class/dmi/id/sys_vendor") === "Microsoft Corporation" &&
    files.findLine("/sys/class/dmi/id/product_name") === "Virtual Machine";
  return isHyperV ? "microsoft" : undefined;
}

/** Each hypervisor offers its guests a specific clock. */
function byClock(files: HostFiles): string | undefined {
  if (files.findLine("/sys/hypervisor/type") === "xen") return "xen";
  const clocks = files.findLine("/sys/devices/system/clocksource/clocksource0/available_clocksource") ?? "";
  if (clocks.includes("kvm-clock")) return "kvm";
  if (clocks.includes("hyperv")) return "microsoft";
  return undefined;
}

function byDeviceTree(files: HostFiles): string | undefined {
  const hypervisor = files.findLine("/proc/device-tree/hypervisor/compatible");
  if (hypervisor?.startsWith("linux,kvm")) return "kvm";
  if (hypervisor?.includes("xen")) return "xen";
  return files.exists("/proc/device-tree/fw-cfg@0") ? "qemu" : undefined;
}

function hasHypervisorFlag(files: HostFiles): boolean {
  return /^flags\s*:.*\bhypervisor\b/m.test(files.findText("/proc/cpuinfo", 16 * 1024 * 1024) ?? "");
}
