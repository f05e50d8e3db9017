// The installed kernels, and whether the host has to be restarted to run the newest one or another update.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

type System = Item<"system">;

const MAX_KERNELS = 200;
const MAX_PACKAGES = 50;
/** Written by packages after an update: Debian and Ubuntu, SUSE. */
const MARKERS = ["/run/reboot-required", "/var/run/reboot-required", "/run/reboot-needed", "/boot/do_reboot"];
const PACKAGES = "/run/reboot-required.pkgs";
/** A copy of a kernel for emergencies, a checksum, a backup of a package manager. */
const NO_KERNEL = /^0-rescue-|\.(?:hmac|sig|old|bak|dpkg-[a-z]+|rpmsave)$/;

export function readKernels(files: HostFiles): System[] {
  const running = files.findLine("/proc/sys/kernel/osrelease");
  const installed = listInstalled(files);
  const reasons = [
    ...(running === undefined ? [] : newerKernel(running, installed)),
    ...(MARKERS.some((path) => files.exists(path)) ? [markerReason(files)] : []),
  ];
  // Without an installed kernel, for example in a container, nothing is known about restarts.
  const isKnown = reasons.length > 0 || (files.isRunning && installed.length > 0);
  return [
    ...(installed.length === 0
      ? []
      : [
          {
            key: "kernels" as const,
            kind: "kernels" as const,
            running: running === undefined ? undefined : factText(running, 200),
            installed: firstOf(files, "kernels", installed, MAX_KERNELS).map((release) =>
              factText(release, 200),
            ),
          },
        ]),
    ...(isKnown
      ? [
          {
            key: "reboot" as const,
            kind: "reboot" as const,
            required: reasons.length > 0,
            reasons: reasons.map((reason) => factText(reason, 300)),
          },
        ]
      : []),
  ];
}

/** Newest first. A folder of modules without a kernel is left from a removed one. */
function listInstalled(files: HostFiles): string[] {
  const prefix = /^(?:vmlinuz|vmlinux|Image|image|kernel)-/;
  const inBoot = files
    .list("/boot")
    .flatMap((name) => (prefix.test(name) ? name.replace(prefix, "") : []))
    .filter((release) => /^\d/.test(release) && !NO_KERNEL.test(release));
  const inModules = ["/usr/lib/modules", "/lib/modules"].flatMap((folder) =>
    files.list(folder).filter((release) => files.exists(`${folder}/${release}/vmlinuz`)),
  );
  return [...new Set([...inBoot, ...inModules])].sort((left, right) => compareReleases(right, left));
}

function newerKernel(running: string, installed: readonly string[]): string[] {
  const flavor = flavorOf(running);
  const newest = installed.find((release) => flavorOf(release) === flavor);
  return newest !== undefined && compareReleases(newest, running) > 0
    ? [`kernel ${newest} is installed`]
    : [];
}

function markerReason(files: HostFiles): string {
  const packages = (files.findText(PACKAGES) ?? "")
    .split("\n")
    .filter((name) => /^[\w.+-]{1,100}$/.test(name));
  const names = firstOf(files, PACKAGES, [...new Set(packages)].sort(), MAX_PACKAGES);
  return names.length > 0 ? `updated: ${names.join(", ")}` : "an update requests it";
}

/**
 * What is not a number: `cloud-amd64` in 6.1.0-28-cloud-amd64. A newer kernel of another flavor is not the
 * one that the host starts. Digits of a distribution (el9_5) change with its releases.
 */
function flavorOf(release: string): string {
  const parts = release.split(/[-+.]/).filter((part) => /^[A-Za-z]/.test(part));
  return parts.map((part) => part.replace(/[_\d]+$/, "")).join("-");
}

/** Compares numbers by value and the rest by letters, part by part. */
export function compareReleases(left: string, right: string): number {
  const [ours, theirs] = [partsOf(left), partsOf(right)];
  for (let at = 0; at < Math.max(ours.length, theirs.length); at += 1) {
    const [one, other] = [ours[at], theirs[at]];
    if (one === other) continue;
    // 5.14.0-503.1.el9 is newer than 5.14.0-503.el9: a number is newer than letters or the end.
    if (one === undefined) return /^\d/.test(other!) ? -1 : 1;
    if (other === undefined) return /^\d/.test(one) ? 1 : -1;
    const [isNumber, isOtherNumber] = [/^\d/.test(one), /^\d/.test(other)];
    if (isNumber !== isOtherNumber) return isNumber ? 1 : -1;
    if (isNumber && Number(one) !== Number(other)) return Number(one) - Number(other);
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

function partsOf(release: string): string[] {
  return release.slice(0, 200).match(/\d+|[A-Za-z]+|~/g) ?? [];
}
