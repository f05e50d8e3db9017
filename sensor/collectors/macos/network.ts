// Routes and DNS servers of macOS, from netstat(1) and scutil(8).
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, optionalFact } from "../collector.ts";
import { ipVersion } from "../ip-address.ts";

type Network = Item<"network">;
type Route = Extract<Network, { kind: "route" }>;
type Resolver = Extract<Network, { kind: "resolver" }>;

export const NETSTAT = { path: "/usr/sbin/netstat", args: ["-rnl"] };
export const SCUTIL = { path: "/usr/sbin/scutil", args: ["--dns"] };

/**
 * Routes to networks, in the tables `Internet` and `Internet6`. Without the addresses of neighbors (L),
 * copies of routes (W), multicast, and the loopback interface.
 */
export function parseRoutes(text: string): Route[] {
  const routes: Route[] = [];
  let family: 4 | 6 | undefined;
  let columns: string[] = [];
  for (const line of text.split("\n")) {
    if (/^Internet(6?):/.test(line)) family = line.startsWith("Internet6") ? 6 : 4;
    else if (line.startsWith("Destination")) columns = line.split(/\s+/);
    else if (family !== undefined) {
      const words = line.split(/\s+/);
      const [target = "", gateway = "", flags = ""] = words;
      const name = words[columns.indexOf("Netif")];
      const destination = networkOf(target, family);
      if (destination === undefined || name === undefined || name === "lo0" || /[LWm]/.test(flags)) continue;
      if (/^(?:ff|fe80:|224\.|255\.)/.test(destination)) continue;
      const through = gateway.replace(/%.*$/, "");
      routes.push({
        key: factText(`route:${destination} ${through} ${name}`, 400),
        kind: "route",
        destination: factText(destination, 60),
        gateway: flags.includes("G") && ipVersion(through) !== 0 ? through : undefined,
        interface: factText(name, 200),
      });
    }
  }
  return routes;
}

/** `default`, `192.168.1`, `10.8/16`, `2001:db8::/64`. Zeros at the end of IPv4 are left out. */
function networkOf(target: string, family: 4 | 6): string | undefined {
  if (target === "default") return family === 4 ? "0.0.0.0/0" : "::/0";
  const [address = "", prefix] = target.replace(/%[\w.]+/, "").split("/", 2);
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
  if (family === 6) return ipVersion(address) === 6 ? `${address}/${prefix ?? 128}` : undefined;
  const octets = address.split(".");
  const whole = [...octets, "0", "0", "0"].slice(0, 4).join(".");
  return ipVersion(whole) === 4 ? `${whole}/${prefix ?? octets.length * 8}` : undefined;
}

/** The resolvers of interfaces. The first part of the output has those that programs ask by default. */
export function parseScutilDns(text: string): Resolver[] {
  const scoped = text.indexOf("DNS configuration (for scoped queries)");
  const start = scoped < 0 ? text.length : scoped;
  const main = parseResolvers(text.slice(0, start)).find(({ isForDomain }) => !isForDomain);
  const others = parseResolvers(text.slice(start)).filter(({ name }) => name !== undefined);
  return [
    ...(main === undefined ? [] : [resolverItem("resolver:", undefined, main)]),
    ...others.map((each) => resolverItem(factText(`resolver:${each.name}`, 300), each.name, each)),
  ];
}

interface ParsedResolver {
  servers: string[];
  search: string[];
  name: string | undefined;
  /** It is for one domain only, e.g. that of a VPN or `local`. */
  isForDomain: boolean;
}

function parseResolvers(text: string): ParsedResolver[] {
  return text
    .split(/^resolver #\d+/m)
    .slice(1)
    .map((block) => {
      const resolver: ParsedResolver = { servers: [], search: [], name: undefined, isForDomain: false };
      for (const line of block.split("\n")) {
        const [, key = "", value = ""] = /^\s+([a-z_ ]{1,30})(?:\[\d+\])? *: (.*)$/.exec(line) ?? [];
        if (key === "nameserver") resolver.servers.push(value.trim().replace(/%.*$/, ""));
        else if (key === "search domain") resolver.search.push(value.trim());
        else if (key.trim() === "if_index") resolver.name = /\((\S+)\)/.exec(value)?.[1];
        else if (key.trim() === "domain") resolver.isForDomain = true;
      }
      return resolver;
    });
}

function resolverItem(key: string, name: string | undefined, { servers, search }: ParsedResolver): Resolver {
  return {
    key,
    kind: "resolver",
    interface: optionalFact(name, 200),
    servers: servers.map((server) => factText(server, 100)),
    search: search.map((domain) => factText(domain, 253)),
  };
}
