// The DNS servers in resolv.conf(5). Behind the local stub of systemd-resolved, the servers that it asks.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

type Resolver = Extract<Item<"network">, { kind: "resolver" }>;

const MAIN = "/etc/resolv.conf";
const BEHIND_STUB = "/run/systemd/resolve/resolv.conf";
const STUB_ADDRESSES = new Set(["127.0.0.53", "127.0.0.54"]);
const MAX_SERVERS = 100;
const MAX_SEARCH = 100;

export function readResolver(files: HostFiles): Resolver[] {
  const main = findResolver(files, MAIN);
  if (main === undefined) return [];
  const isStub = main.servers.length > 0 && main.servers.every((server) => STUB_ADDRESSES.has(server));
  return [(isStub ? findResolver(files, BEHIND_STUB) : undefined) ?? main];
}

function findResolver(files: HostFiles, path: string): Resolver | undefined {
  const text = files.findText(path);
  if (text === undefined) return undefined;
  return withinLimits(files, { key: "resolver:", kind: "resolver", ...parseResolvConf(text), source: path });
}

/** The first servers and domains of a resolver. */
export function withinLimits(files: Pick<HostFiles, "noteGap">, resolver: Resolver): Resolver {
  const { servers, search } = resolver;
  return {
    ...resolver,
    servers: [...firstOf(files, "DNS servers", servers, MAX_SERVERS)],
    search: [...firstOf(files, "domains to search", search, MAX_SEARCH)],
  };
}

/** The last `search` or `domain` counts. A domain also is the only one that is searched. */
export function parseResolvConf(text: string): Pick<Resolver, "servers" | "search" | "domain"> {
  const servers = new Set<string>();
  let search: string[] = [];
  let domain: string | undefined;
  for (const line of text.split("\n")) {
    // The keyword is at the start of the line. Comments may also follow the values.
    const [keyword = "", ...values] = (line.split(/[#;]/, 1)[0] ?? "").split(/[ \t\r]+/);
    const [value] = values;
    if (value === undefined || value === "") continue;
    if (keyword === "nameserver") {
      servers.add(value);
    } else if (keyword === "domain") [domain, search] = [value, [value]];
    else if (keyword === "search") [domain, search] = [undefined, values.filter(Boolean)];
  }
  return {
    servers: [...servers].map((server) => factText(server, 100)),
    // A dot is the root: nothing is searched.
    search: search.filter((name) => name !== ".").map((name) => factText(name, 253)),
    domain: domain === "." ? undefined : optionalFact(domain, 253),
  };
}
