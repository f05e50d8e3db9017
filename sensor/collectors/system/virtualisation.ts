// What the system runs in, in the words of systemd-detect-virt(1): a container, else a virtual machine, else
// `none`. From files only: what systemd asks the processor itself is inferred from the clocks that the kernel
// offers.
import type { Item } from "@attacklens/protocol/inventory/categories.ts";
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

export function readVirtualisation(files: HostFiles): Extract<Item<"system">, { kind: "virtualisation" }> {
  const type = findContainer(files) ?? findVirtualMachine(files) ?? "none";
  return { key: "virtualisation", kind: "virtualisation", type: factText(type, 60) };
}

export function findContainer(files: HostFiles): string | undefined {
  if (files.exists("/proc/vz") && !files.exists("/proc/bc")) return "openvz";
  if (/microsoft|wsl/i.test(files.findLine("/proc/sys/kernel/osrelease") ?? "")) return "wsl";
  const manager = files.findLine("/run/host/container-manager") ?? files.findLine("/run/systemd/container");
  if (manager !== undefined) return manager;
  const environment = files.findText("/proc/1/environ") ?? "";
  const named = /(?:^|\0)container=([^\0]+)/.exec(environment)?.[1];
  // The value "oci" says that it is one, not whose.
  if (named !== undefined && named !== "oci") return named;
  if (files.exists("/run/.containerenv")) return "podman";
  if (files.exists("/.dockerenv")) return "docker";
  return named === "oci" ? "container-other" : undefined;
}

/** Fields of the firmware, in systemd's order, and what their beginning says. */
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
/** Found by firmware alone, since these run on another maker's hypervisor or a processor's own. */
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
  // Hyper-V leaves its name out of these; the model is what it calls every machine.
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
