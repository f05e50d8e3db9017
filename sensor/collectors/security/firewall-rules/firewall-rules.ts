// The rules of the firewalls, counted by chain with its policy, from the files that they load at the start.
// The kernel shows its present rules only to an administrator of the network, which the sensor is not.
import { posix } from "node:path";
import { countOf } from "@attacklens/protocol/count-of.ts";
import { firstOf } from "../../first-of.ts";
import { listMatching } from "../../glob.ts";
import type { HostFiles } from "../../host-files.ts";
import { parseAssignments } from "../../system/os-release.ts";
import { type SecuritySetting, setting } from "../setting.ts";
import { describeZone, listZones } from "./firewalld-zones.ts";
import { type ChainRules, countIptablesRules } from "./iptables-save.ts";
import { countNftRules } from "./nftables.ts";

const IPTABLES = [
  {
    family: "iptables",
    paths: ["/etc/iptables/rules.v4", "/etc/sysconfig/iptables", "/etc/iptables/rules-save"],
  },
  {
    family: "ip6tables",
    paths: ["/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables", "/etc/iptables/rules6-save"],
  },
];
const NFT = ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf", "/etc/nftables.nft"];
const UFW = [
  { family: "ufw", path: "/etc/ufw/user.rules" },
  { family: "ufw IPv6", path: "/etc/ufw/user6.rules" },
];
const FIREWALLD = "/etc/firewalld/firewalld.conf";
const MAX_RULES_BYTES = 8 * 1024 * 1024;
const MAX_NFT_FILES = 200;
const MAX_CHAINS = 500;

export function readFirewallRules(files: HostFiles): SecuritySetting[] {
  return [...iptables(files), ...nftables(files), ...ufw(files), ...firewalld(files)];
}

function iptables(files: HostFiles): SecuritySetting[] {
  return IPTABLES.flatMap(({ family, paths }) => {
    const path = paths.find((each) => files.exists(each));
    const text = path === undefined ? undefined : files.findText(path, MAX_RULES_BYTES);
    if (path === undefined || text === undefined) return [];
    const chains = countIptablesRules(text);
    return firstOf(files, `chains in ${path}`, chains, MAX_CHAINS).map((rules) =>
      chainSetting(family, rules, path),
    );
  });
}

function nftables(files: HostFiles): SecuritySetting[] {
  const main = NFT.find((path) => files.exists(path));
  if (main === undefined) return [];
  const totals = new Map<string, ChainRules & { hook: string | undefined }>();
  const pending = [main];
  const seen = new Set<string>();
  let others = 0;
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (seen.has(path)) continue;
    if (seen.size >= MAX_NFT_FILES) {
      files.noteGap({ kind: "limit", subject: main, reason: `more than ${MAX_NFT_FILES} included files` });
      break;
    }
    seen.add(path);
    const { chains, includes } = countNftRules(files.findText(path, MAX_RULES_BYTES) ?? "");
    for (const include of includes)
      pending.push(...listMatching(files, posix.resolve(posix.dirname(main), include)));
    for (const chain of chains) {
      const known = totals.get(chain.chain);
      if (known === undefined) {
        if (totals.size < MAX_CHAINS) totals.set(chain.chain, chain);
        else others += 1;
      } else {
        known.rules += chain.rules;
        known.policy ??= chain.policy;
        known.hook ??= chain.hook;
      }
    }
  }
  if (others > 0)
    files.noteGap({ kind: "limit", subject: main, reason: `only ${MAX_CHAINS} chains are reported` });
  return [...totals.values()].map((rules) => chainSetting("nftables", rules, main));
}

function chainSetting(
  family: string,
  { chain, policy, rules, hook }: ChainRules & { hook?: string | undefined },
  path: string,
): SecuritySetting {
  const counted = countOf(rules, "rule");
  const value = [hook && `hook ${hook}`, policy && `policy ${policy.toLowerCase()}`, counted].filter(Boolean);
  return setting("firewall", `${family} ${chain}`, value.join(", "), path, `rules/${family} ${chain}`);
}

/** Comments before each rule, such as `### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in`. */
function ufw(files: HostFiles): SecuritySetting[] {
  return UFW.flatMap(({ family, path }) => {
    const text = files.findText(path, MAX_RULES_BYTES);
    if (text === undefined) return [];
    const counts = new Map<string, number>();
    for (const line of text.split("\n")) {
      const action = /^### tuple ### (?:route:)?(allow|deny|reject|limit)\b/.exec(line)?.[1];
      if (action !== undefined) counts.set(action, (counts.get(action) ?? 0) + 1);
    }
    const value = [...counts]
      .map(([action, count]) => `${action} ${count}`)
      .sort()
      .join(", ");
    return setting("firewall", `${family} rules`, value || "none", path);
  });
}

function firewalld(files: HostFiles): SecuritySetting[] {
  const text = files.findText(FIREWALLD);
  if (text === undefined) return [];
  return listZones(files, parseAssignments(text).get("DefaultZone") ?? "public").map(
    ({ name, path, text: xml }) =>
      setting("firewall", `firewalld zone ${name}`, describeZone(xml) || "accepts nothing", path),
  );
}
