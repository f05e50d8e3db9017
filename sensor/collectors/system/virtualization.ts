// The virtualization that the system runs in, with the names of systemd-detect-virt(1): a container,
// otherwise a virtual machine, otherwise `none`. Reads only files: instead of querying the processor as
// systemd does, it uses the clocks that the kernel offers.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";
import { findContainer } from "./container.ts";

export function readVirtualization(files: HostFiles): Extract<Item<"system">, { kind: "virtualization" }> {
  const type = findContainer(files) ?? findVirtualMachine(files) ?? "none";
  return { key: "virtualization", kind: "virtualization", type: factText(type, 60) };
}

const DMI = "/sys/class/dmi/id";
/** Fields of the firmware in systemd's order, and the meaning of their prefixes. */
const DMI_FIELDS = ["product_name", "sys_vendor", "board_vendor", "bios_vendor", "product_version"];
/** Not `Oracle Corporation`: it makes servers, too. VirtualBox also has its own name in these fields. */
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
  if (dmi === "amazon" && isBareMetalInstance(files)) return undefined;
  if (dmi !== undefined && DMI_DECIDES.has(dmi)) return dmi;
  if (/^vendor_id\s*: User Mode Linux$/m.test(cpuinfo(files))) return "uml";
  // The administrative domain of Xen and the root partition of Hyper-V run on the hardware.
  if (isXen(files)) return isXenDom0(files) ? undefined : "xen";
  const clock = byClock(files);
  if (clock === "microsoft" && dmi === undefined && files.exists("/dev/mshv")) return undefined;
  return clock ?? dmi ?? byDeviceTree(files) ?? byMainframe(files) ?? byFlag(files);
}

function dmiField(files: HostFiles, field: string): string {
  return files.findLine(`${DMI}/${field}`) ?? "";
}

function byFirmware(files: HostFiles): string | undefined {
  for (const field of DMI_FIELDS) {
    const text = dmiField(files, field);
    const found = DMI_PREFIXES.find(([prefix]) => text.startsWith(prefix));
    if (found) return found[1];
  }
  if (dmiField(files, "board_name") === "VirtualBox") return "oracle";
  // Hyper-V does not put its name into these fields, but uses the same model for every virtual machine.
  const isHyperV =
    dmiField(files, "sys_vendor") === "Microsoft Corporation" &&
    dmiField(files, "product_name") === "Virtual Machine";
  return isHyperV ? "microsoft" : undefined;
}

function isBareMetalInstance(files: HostFiles): boolean {
  return firmwareSaysVirtual(files) === false || /\.metal/.test(dmiField(files, "product_name"));
}

/** The firmware's own flag for virtual machines (SMBIOS, type 0, offset 13h). Only root may read it. */
function firmwareSaysVirtual(files: HostFiles): boolean | undefined {
  if (files.isRunning && process.geteuid?.() !== 0) return undefined;
  const flags = files.findBytes("/sys/firmware/dmi/entries/0-0/raw")?.[0x13];
  return flags === undefined ? undefined : (flags & 0x10) !== 0;
}

function isXen(files: HostFiles): boolean {
  const type = files.findLine("/sys/hypervisor/type");
  return type === "xen" || (type === undefined && files.exists("/proc/xen/capabilities"));
}

const XEN_FEATURE_DOM0 = 1 << 11;

function isXenDom0(files: HostFiles): boolean {
  const features = Number.parseInt(files.findLine("/sys/hypervisor/properties/features") ?? "", 16);
  if (!Number.isNaN(features) && (features & XEN_FEATURE_DOM0) !== 0) return true;
  return (files.findLine("/proc/xen/capabilities") ?? "").includes("control_d");
}

/** Each hypervisor offers its guests a specific clock. */
function byClock(files: HostFiles): string | undefined {
  const clocks = files.findLine("/sys/devices/system/clocksource/clocksource0/available_clocksource") ?? "";
  if (clocks.includes("kvm-clock")) return "kvm";
  if (clocks.includes("hyperv")) return "microsoft";
  return undefined;
}

function byDeviceTree(files: HostFiles): string | undefined {
  const hypervisor = files.findLine("/proc/device-tree/hypervisor/compatible");
  if (hypervisor?.startsWith("linux,kvm")) return "kvm";
  if (hypervisor?.includes("xen")) return "xen";
  if (hypervisor?.includes("vmware")) return "vmware";
  if (["ibm,partition-name", "hmc-managed?"].every((name) => files.exists(`/proc/device-tree/${name}`)))
    return "powervm";
  return files.exists("/proc/device-tree/fw-cfg@0") ? "qemu" : undefined;
}

/** Of a mainframe, whose hardware describes the systems above it. */
function byMainframe(files: HostFiles): string | undefined {
  const program = /^VM00 Control Program:\s*(\S+)/m.exec(files.findText("/proc/sysinfo") ?? "")?.[1];
  if (program === undefined) return undefined;
  return program.startsWith("z/VM") ? "zvm" : "kvm";
}

function byFlag(files: HostFiles): string | undefined {
  const hasFlag = /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo(files));
  return hasFlag || firmwareSaysVirtual(files) ? "vm-other" : undefined;
}

function cpuinfo(files: HostFiles): string {
  return files.findText("/proc/cpuinfo", 16 * 1024 * 1024) ?? "";
}
