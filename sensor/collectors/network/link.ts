// The link of a network interface, from /sys/class/net: what kind it is, its speed and its driver.
import { basename } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact, parseCount } from "../collector.ts";
import type { HostFiles } from "../host-files.ts";

type Link = Pick<
  Extract<Item<"network">, { kind: "interface" }>,
  "type" | "mtu" | "speedMbps" | "duplex" | "driver" | "controller" | "parent" | "vlan"
>;

const NET = "/sys/class/net";
/** What the kernel calls the kinds of devices in `uevent`. Others are reported as they are. */
const DEVICE_TYPES: Record<string, string> = { wlan: "wireless", wwan: "mobile", wireguard: "tunnel" };
/** Hardware types of tunnels (linux/if_arp.h): PPP, IP in IP, IPv6, SIT, GRE, GRE over IPv6, none. */
const TUNNEL_TYPES = new Set(["512", "768", "769", "776", "778", "823", "65534"]);
/** The largest speed that the kernel's number has is no speed. */
const MAX_SPEED_MBPS = 10_000_000;

export function readLink(files: HostFiles, name: string): Link {
  const folder = `${NET}/${name}`;
  const type = typeOf(files, folder);
  const duplex = files.findLine(`${folder}/duplex`);
  const controller = files.findLink(`${folder}/master`);
  return {
    type: factText(type, 40),
    mtu: parseCount(files.findLine(`${folder}/mtu`)),
    speedMbps: readSpeed(files, folder),
    duplex: duplex === "full" || duplex === "half" ? duplex : undefined,
    driver: optionalFact(basename(files.findLink(`${folder}/device/driver`) ?? ""), 100),
    controller: optionalFact(basename(controller ?? ""), 200),
    // A bridge or a bond has several. They name it as their controller.
    parent: type === "vlan" || type === "macvlan" ? optionalFact(lowerOf(files, folder), 200) : undefined,
    vlan: type === "vlan" ? readVlan(files, name) : undefined,
  };
}

function typeOf(files: HostFiles, folder: string): string {
  const device = /^DEVTYPE=(\S{1,40})$/m.exec(files.findText(`${folder}/uevent`) ?? "")?.[1];
  if (device !== undefined) return DEVICE_TYPES[device] ?? device;
  if (files.exists(`${folder}/wireless`) || files.exists(`${folder}/phy80211`)) return "wireless";
  if (files.exists(`${folder}/bridge`)) return "bridge";
  if (files.exists(`${folder}/bonding`)) return "bond";
  if (files.exists(`${folder}/device`)) return "physical";
  if (files.exists(`${folder}/tun_flags`)) return "tunnel";
  return TUNNEL_TYPES.has(files.findLine(`${folder}/type`) ?? "") ? "tunnel" : "virtual";
}

/** Absent without a cable, and for virtual devices: the kernel has -1, its largest number, or an error. */
function readSpeed(files: HostFiles, folder: string): number | undefined {
  const speed = parseCount(files.findLine(`${folder}/speed`));
  return speed === undefined || speed === 0 || speed > MAX_SPEED_MBPS ? undefined : speed;
}

function lowerOf(files: HostFiles, folder: string): string | undefined {
  const prefix = "lower_";
  return files
    .list(folder)
    .find((name) => name.startsWith(prefix))
    ?.slice(prefix.length);
}

/** From a line such as `eth0.7  VID: 7	 REORDER_HDR: 1`. */
function readVlan(files: HostFiles, name: string): number | undefined {
  const text = files.findText(`/proc/1/net/vlan/${name}`) ?? files.findText(`/proc/net/vlan/${name}`) ?? "";
  const id = parseCount(/\bVID: (\d{1,4})\b/.exec(text)?.[1]);
  return id !== undefined && id <= 4_095 ? id : undefined;
}
