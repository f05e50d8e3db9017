import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { openHostFiles } from "../host-files.ts";
import { readVirtualization } from "./virtualization.ts";

function typeOf(text: string): string {
  using host = makeRoot(text);
  return readVirtualization(openHostFiles(host.root)).type;
}

const dmi = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `-- /sys/class/dmi/id/${name}\n${value}\n`)
    .join("");
const clocks = (names: string) =>
  `-- /sys/devices/system/clocksource/clocksource0/available_clocksource\n${names}\n`;
const FLAG = "-- /proc/cpuinfo\nflags\t: fpu hypervisor\n";

/** What the hosts have, and the result. */
const MACHINES: [name: string, text: string, type: string][] = [
  ["a captured tree without hardware", "-- /etc/hostname\nx\n", "none"],
  ["QEMU without KVM", dmi({ sys_vendor: "QEMU" }), "qemu"],
  ["QEMU with KVM", dmi({ sys_vendor: "QEMU" }) + clocks("kvm-clock tsc"), "kvm"],
  ["KVM without firmware tables", clocks("kvm-clock tsc") + FLAG, "kvm"],
  ["VMware", dmi({ sys_vendor: "VMware, Inc.", product_name: "VMware7,1" }) + FLAG, "vmware"],
  ["VirtualBox", dmi({ product_name: "VirtualBox", sys_vendor: "innotek GmbH" }) + FLAG, "oracle"],
  [
    "VirtualBox with another model",
    dmi({ product_name: "X", board_name: "VirtualBox", board_vendor: "Oracle Corporation" }),
    "oracle",
  ],
  [
    "a server of Oracle",
    dmi({ sys_vendor: "Oracle Corporation", product_name: "ORACLE SERVER X9-2" }),
    "none",
  ],
  [
    "an older server of Oracle",
    dmi({
      sys_vendor: "Oracle Corporation",
      product_name: "SUN FIRE X4170 M3",
      board_vendor: "Oracle Corporation",
    }),
    "none",
  ],
  ["Hyper-V", dmi({ sys_vendor: "Microsoft Corporation", product_name: "Virtual Machine" }), "microsoft"],
  [
    "Azure",
    dmi({ sys_vendor: "Microsoft Corporation", product_name: "Virtual Machine" }) +
      clocks("hyperv_clocksource_tsc_page"),
    "microsoft",
  ],
  [
    "the root partition of Hyper-V",
    `${dmi({ sys_vendor: "Dell Inc." })}${clocks("hyperv_clocksource_msr")}${FLAG}-- /dev/mshv\n`,
    "none",
  ],
  [
    "a tablet of Microsoft",
    dmi({ sys_vendor: "Microsoft Corporation", product_name: "Surface Pro" }),
    "none",
  ],
  [
    "AWS Nitro",
    dmi({ sys_vendor: "Amazon EC2", product_name: "m6i.large" }) + clocks("kvm-clock tsc"),
    "amazon",
  ],
  ["bare metal of AWS", dmi({ sys_vendor: "Amazon EC2", product_name: "c6i.metal-48xl" }), "none"],
  ["Google Cloud", dmi({ product_name: "Google Compute Engine" }) + clocks("kvm-clock tsc"), "google"],
  ["Parallels", dmi({ product_name: "Parallels Virtual Platform" }), "parallels"],
  ["bhyve", dmi({ sys_vendor: "FreeBSD", product_name: "BHYVE" }) + FLAG, "bhyve"],
  ["Apple Virtualization", dmi({ product_name: "Apple Virtualization Generic Platform" }), "apple"],
  ["another hypervisor", FLAG, "vm-other"],
  ["a guest of Xen", dmi({ sys_vendor: "Xen", product_name: "HVM domU" }), "xen"],
  [
    "a guest of Xen without firmware",
    "-- /sys/hypervisor/type\nxen\n-- /sys/hypervisor/properties/features\n00000705\n",
    "xen",
  ],
  [
    "dom0 of Xen by its features",
    `${dmi({ sys_vendor: "Dell Inc." })}-- /sys/hypervisor/type\nxen\n-- /sys/hypervisor/properties/features\n00002fff\n`,
    "none",
  ],
  ["dom0 of Xen by its rights", "-- /proc/xen/capabilities\ncontrol_d\n", "none"],
  ["a domain of Xen without rights", "-- /proc/xen/capabilities\n\n", "xen"],
  ["arm64 with KVM", "-- /proc/device-tree/hypervisor/compatible\nlinux,kvm\n", "kvm"],
  [
    "PowerVM",
    "-- /proc/device-tree/ibm,partition-name\nx\n-- /proc/device-tree/hmc-managed?\n1\n",
    "powervm",
  ],
  ["z/VM", "-- /proc/sysinfo\nVM00 Control Program: z/VM    6.4.0\n", "zvm"],
  ["User Mode Linux", "-- /proc/cpuinfo\nvendor_id\t: User Mode Linux\n", "uml"],
  ["WSL", "-- /proc/sys/kernel/osrelease\n5.15.90.1-microsoft-standard-WSL2\n", "wsl"],
  ["LXC", "-- /run/systemd/container\nlxc\n", "lxc"],
  ["LXC without systemd", "-- /proc/1/cgroup\n0::/lxc.payload.web/init.scope\n", "lxc"],
  ["systemd-nspawn", "-- /run/host/container-manager\nsystemd-nspawn\n", "systemd-nspawn"],
  ["Podman", "-- /run/.containerenv\n\n", "podman"],
  ["Docker", "-- /.dockerenv\n\n", "docker"],
  ["Docker with cgroups v1", `-- /proc/1/cgroup\n12:cpu:/docker/${"4f".repeat(32)}\n`, "docker"],
  [
    "a pod of kind",
    "-- /proc/self/cgroup\n0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/cri-containerd-4f.scope\n",
    "kubernetes",
  ],
  [
    "a pod by its root",
    "-- /proc/1/mountinfo\n1 0 0:1 / / rw - overlay overlay rw,upperdir=/run/containerd/io.containerd.runtime.v2.task/k8s.io/4f/rootfs\n",
    "kubernetes",
  ],
  ["a container with another name", "-- /proc/1/environ\nPATH=/\0container=hunter2\0\n", "container-other"],
  ["another OCI runtime", "-- /proc/1/environ\nPATH=/\0container=oci\0\n", "container-other"],
  [
    "containerd",
    "-- /proc/1/cgroup\n0::/\n-- /proc/1/mountinfo\n1 0 0:1 / / rw - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs\n",
    "containerd",
  ],
  [
    "containerd with its group",
    "-- /proc/1/cgroup\n0::/system.slice/cri-containerd-4f4f.scope\n",
    "containerd",
  ],
  ["a pod with cgroups v1", "-- /proc/1/cgroup\n11:memory:/kubepods/burstable/pod1b2c/4f4f\n", "kubernetes"],
  [
    "a pod with cgroups v2",
    "-- /proc/1/cgroup\n0::/kubepods.slice/kubepods-pod1b2c.slice/cri-containerd-4f.scope\n",
    "kubernetes",
  ],
  ["a pod by its environment", "-- /proc/1/environ\nKUBERNETES_SERVICE_HOST=10.96.0.1\0\n", "kubernetes"],
  [
    "a pod by its account",
    "-- /run/secrets/kubernetes.io/serviceaccount/namespace\ndefault\n-- /run/.containerenv\n\n",
    "kubernetes",
  ],
  [
    "a pod by the files of the kubelet",
    "-- /proc/1/cgroup\n0::/\n-- /proc/1/mountinfo\n9 1 8:1 /var/lib/kubelet/pods/1b2c/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n",
    "kubernetes",
  ],
  [
    "a node of Kubernetes",
    "-- /proc/1/cgroup\n0::/init.scope\n-- /proc/1/mountinfo\n9 1 0:9 / /var/lib/kubelet/pods/1b2c/volumes/x rw - tmpfs tmpfs rw\n8 1 8:1 /var/lib/kubelet/pods/1b2c/volumes/y /var/lib/kubelet/pods/1b2c/volume-subpaths/y rw - ext4 /dev/sda1 rw\n1 0 8:1 / / rw - ext4 /dev/sda1 rw\n",
    "none",
  ],
  [
    "a host of Docker",
    "-- /proc/1/cgroup\n0::/init.scope\n-- /proc/1/mountinfo\n1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/x/diff\n",
    "none",
  ],
];

test.each(MACHINES)("%s", (_, text, type) => {
  expect(typeOf(text)).toBe(type);
});

test.each([
  ["is bare metal if the firmware does not say that it is virtual", 0x0c, "none"],
  ["is virtual if the firmware says so", 0x1c, "amazon"],
])("an instance of AWS %s", (_, flags, type) => {
  using host = makeRoot(dmi({ sys_vendor: "Amazon EC2", product_name: "u-12tb1" }));
  const folder = join(host.root, "sys/firmware/dmi/entries/0-0");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "raw"),
    Uint8Array.from({ length: 24 }, (__, at) => (at === 0x13 ? flags : 0)),
  );
  chmodSync(join(folder, "raw"), 0o400);
  expect(readVirtualization(openHostFiles(host.root)).type).toBe(type);
});
