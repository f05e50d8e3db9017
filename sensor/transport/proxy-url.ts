// The address of a proxy, and which hosts are reached without one.
import { BlockList, isIP } from "node:net";
import { SensorError } from "../sensor-error.ts";
import { proxyVariables } from "../settings.ts";

/** Returns the complete address of the proxy, with credentials. Throws SensorError without them. */
export function parseProxyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isAddress =
    url && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && !url.search && !url.hash;
  if (url && isAddress && credentialsOf(url) !== undefined) return url.href;
  const shown = url?.host ? describeProxy(text) : "that was given";
  throw new SensorError(
    "usage",
    `Cannot use the proxy ${shown}: it is not an address such as http://user:password@proxy.example.com:3128`,
  );
}

/** The proxy's address without its credentials. */
export function describeProxy(proxy: string): string {
  const { protocol, host } = new URL(proxy);
  return `${protocol}//${host}`;
}

/** `user:password`; empty: no credentials; undefined: they are not percent-encoded correctly. */
export function credentialsOf({ username, password }: URL): string | undefined {
  try {
    return username || password ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : "";
  } catch {
    return undefined;
  }
}

/**
 * Whether a list such as NO_PROXY includes a host. Entries are `example.com` with its subdomains, an address
 * or a network, each with an optional port, or `*` for all. Commas or spaces separate them.
 */
export function isExempt(list: string, host: string, port: number): boolean {
  const entries = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return entries.some((entry) => {
    if (entry === "*") return true;
    const [, name = entry, itsPort] = /^(\[.+\]|[^:]+)(?::(\d{1,5}))?$/.exec(entry) ?? [];
    if (itsPort !== undefined && Number(itsPort) !== port) return false;
    const [bare, bits] = bareHost(name).split("/") as [string, string?];
    const family = isIP(host);
    if (family === 0) return `.${host}`.endsWith(`.${bare.replace(/^\.|\.$/g, "")}`);
    const [widest, type] = family === 6 ? ([128, "ipv6"] as const) : ([32, "ipv4"] as const);
    const length = bits === undefined ? widest : Number(bits);
    if (isIP(bare) !== family || !Number.isInteger(length) || length < 0 || length > widest) return false;
    const network = new BlockList();
    network.addSubnet(bare, length, type);
    return network.check(host, type);
  });
}

export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/**
 * The proxy from the environment for an https:// address, with its credentials; undefined: none. Same rules
 * as curl(1). Throws SensorError, without the credentials, for an unusable proxy: bypassing it would be
 * wrong.
 */
export function proxyFor(address: string): string | undefined {
  const { proxy, exempt } = proxyVariables();
  if (!proxy) return undefined;
  const { hostname, port } = new URL(address);
  if (isExempt(exempt, bareHost(hostname), Number(port || 443))) return undefined;
  return parseProxyUrl(proxy.includes("://") ? proxy : `http://${proxy}`);
}
