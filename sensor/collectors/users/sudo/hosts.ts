// Whether a list of hosts in sudoers names this host: by name, pattern, address or network.

import { networkInterfaces } from "node:os";
import type { HostFiles } from "../../host-files.ts";
import { ipVersion } from "../../ip-address.ts";
import { findFqdn, readHostname } from "../../system/host.ts";
import { foldName } from "./accounts.ts";
import { isGlob, matchesGlob } from "./glob.ts";
import type { Member } from "./syntax.ts";

export interface ThisHost {
  shortName: string;
  /** Patterns with a dot are compared with it. */
  longName: string;
  /** The addresses of its interfaces with the lengths of their networks; undefined: not known. */
  addresses: { address: bigint; isV6: boolean; prefix: number }[] | undefined;
}

/** `fqdn`: sudo looks for the full name, as Debian's does by default. */
export function readThisHost(files: HostFiles, fqdn: boolean): ThisHost {
  const hostname = readHostname(files);
  const full = fqdn ? findFqdn(files.findText("/etc/hosts") ?? "", hostname) : undefined;
  return {
    shortName: hostname.split(".", 1)[0] ?? hostname,
    longName: full ?? hostname,
    addresses: files.sharesNetwork ? readAddresses() : undefined,
  };
}

function readAddresses(): ThisHost["addresses"] {
  // sudo ignores the loopback interface.
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address, cidr, family }) => ({
        address: parseAddress(address) ?? 0n,
        isV6: family === "IPv6",
        prefix: Number(cidr?.split("/")[1] ?? (family === "IPv6" ? 128 : 32)),
      })),
  );
}

/** Aliases within aliases. */
const MAX_DEPTH = 500;

/** Undefined: the list says nothing about this host. Each alias is evaluated once. */
export function createHostMatcher(
  host: ThisHost,
  aliases: ReadonlyMap<string, readonly Member[]>,
  noteGap: HostFiles["noteGap"],
): (list: readonly Member[]) => boolean | undefined {
  const ofAlias = new Map<string, boolean | undefined>();
  const inUse = new Set<string>();
  const noted = new Set<string>();

  function noteOnce(reason: string): void {
    if (noted.has(reason)) return;
    noted.add(reason);
    noteGap({ kind: "not-understood", subject: "sudoers", reason });
  }

  function matchList(list: readonly Member[]): boolean | undefined {
    for (let at = list.length - 1; at >= 0; at -= 1) {
      const member = list[at] as Member;
      const matches = matchMember(member);
      if (matches !== undefined) return matches !== member.isNegated;
    }
    return undefined;
  }

  /** Before its negation. */
  function matchMember({ kind, name }: Member): boolean | undefined {
    switch (kind) {
      case "all":
        return true;
      case "netgroup":
        noteOnce("netgroups in sudoers are not looked up");
        return undefined;
      case "network":
        if (host.addresses === undefined) noteOnce("the addresses of this host are not known");
        return isOnNetwork(host, name) || undefined;
      case "alias":
        if (!aliases.has(name) || inUse.has(name) || inUse.size >= MAX_DEPTH) return matchesName(name);
        return matchAlias(name);
      default:
        return matchesName(name);
    }
  }

  function matchAlias(name: string): boolean | undefined {
    if (!ofAlias.has(name)) {
      inUse.add(name);
      const matches = matchList(aliases.get(name) ?? []);
      inUse.delete(name);
      ofAlias.set(name, matches);
    }
    return ofAlias.get(name);
  }

  function matchesName(pattern: string): true | undefined {
    const name = foldName(pattern.includes(".") ? host.longName : host.shortName);
    const folded = foldName(pattern);
    return (isGlob(folded) ? matchesGlob(folded, name) : folded === name) || undefined;
  }

  return matchList;
}

function isOnNetwork({ addresses = [] }: ThisHost, text: string): boolean {
  const [addressText = "", maskText] = text.split("/", 2);
  const address = parseAddress(addressText);
  if (address === undefined) return false;
  const isV6 = ipVersion(addressText) === 6;
  const bits = isV6 ? 128 : 32;
  const given = maskText === undefined ? undefined : maskOf(maskText, bits);
  if (maskText !== undefined && given === undefined) return false;
  return addresses.some((own) => {
    if (own.isV6 !== isV6) return false;
    if (given !== undefined) return (own.address & given) === (address & given);
    // Without a mask, it is the address itself or the network of the interface.
    return own.address === address || (own.address & prefixMask(own.prefix, bits)) === address;
  });
}

function maskOf(text: string, bits: number): bigint | undefined {
  if (!/^\d+$/.test(text)) return parseAddress(text);
  const prefix = Number(text);
  return prefix >= 1 && prefix <= bits ? prefixMask(prefix, bits) : undefined;
}

function prefixMask(prefix: number, bits: number): bigint {
  return ((1n << BigInt(prefix)) - 1n) << BigInt(bits - prefix);
}

function parseAddress(text: string): bigint | undefined {
  const family = ipVersion(text);
  if (family === 0) return undefined;
  if (family === 4) return text.split(".").reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const plain = tail.includes(".") ? text.slice(0, -tail.length) + asGroups(parseAddress(tail) ?? 0n) : text;
  const [head = "", rest] = plain.split("%", 1)[0]?.split("::", 2) ?? [];
  const left = head.split(":").filter(Boolean);
  const right = (rest ?? "").split(":").filter(Boolean);
  const missing = rest === undefined ? [] : new Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...missing, ...right].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function asGroups(ipv4: bigint): string {
  return `${(ipv4 >> 16n).toString(16)}:${(ipv4 & 0xffffn).toString(16)}`;
}
