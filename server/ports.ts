// The ports that the server listens on: one for all clients, or one for users and one for sensors.
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { ServerTls, TlsSource } from "./certificates/server-tls.ts";
import { type Config, tlsOf } from "./config.ts";
import { type ListenerOptions, openListener, requireHost } from "./http/listener.ts";
import { clientAddressOf } from "./networks.ts";

/** The maximum number of names in a certificate of the private CA. */
const MAX_NAMES = 100;

type Port = Config["listen"] & {
  tls: ReturnType<typeof tlsOf>;
  serves: "shared" | "sensors" | "users";
};

export interface Ports {
  users: Port;
  /** The same port as `users` if they share it. */
  sensors: Port;
}

export function portsOf(config: Config): Ports {
  const { listen, sensorListen } = config;
  const tls = tlsOf(config, listen);
  const users: Port = { ...listen, tls, serves: sensorListen ? "users" : "shared" };
  if (!sensorListen) return { users, sensors: users };
  return { users, sensors: { ...sensorListen, tls: tlsOf(config, sensorListen), serves: "sensors" } };
}

export function urlOf({ hostname, tls }: Port, port: number): string {
  return `${tls === "off" ? "http" : "https"}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

export interface Listening {
  tls: ServerTls | undefined;
  trustedProxies: readonly string[];
  /** With other processes of this server. */
  sharing?: ListenerOptions["sharing"];
  answer: (request: Request, from: { address: string; port: Port["serves"] }) => Response | Promise<Response>;
}

/** Throws Error for the operator if the server cannot listen on an address. */
export async function openPorts({ users, sensors }: Ports, listening: Listening) {
  const { tls, trustedProxies, sharing, answer } = listening;
  const ports = users === sensors ? [users] : [users, sensors];
  for (const { hostname } of ports) await requireHost(hostname);
  const open = (port: Port) =>
    openListener({
      ...port,
      certificate: port.tls === "off" ? undefined : tls?.certificate(),
      sharing,
      fetch(request, server) {
        // Without a valid Host, the URL has no origin, and its path would be parsed wrongly. With two values,
        // a proxy may use the other one (RFC 9112, section 3.2).
        if (!URL.canParse(request.url) || request.headers.get("host")?.includes(","))
          return new Response("The request needs a valid Host header\n", { status: 400 });
        const seen = server.requestIP(request)?.address ?? "unknown";
        const peer = seen.startsWith("::ffff:") ? seen.replace(/^::ffff:(?=\d+\.)/, "") : seen;
        const forwardedFor = trustedProxies.length > 0 ? request.headers.get("x-forwarded-for") : null;
        const address = clientAddressOf(peer, forwardedFor, trustedProxies);
        return answer(request, { address, port: port.serves });
      },
    });
  const opened = ports.map((port) => ({ port, listener: open(port) }));
  const urlFor = (wanted: Port) => opened.find(({ port }) => port === wanted)?.listener.url ?? "";
  return {
    url: urlFor(users),
    sensorUrl: urlFor(sensors),
    urls: opened.map(({ listener }) => listener.url),
    numbers: opened.map(({ listener }) => listener.port),
    /** Those with TLS. */
    tlsListeners: opened.flatMap(({ port, listener }) => (port.tls === "off" ? [] : listener)),
    async stop(): Promise<void> {
      await Promise.all(opened.map(({ listener }) => listener.stop()));
    },
  };
}

/**
 * Returns the operator's certificate files. Without them, returns the names for a certificate of the private
 * CA: every name by which sensors may reach this host.
 */
export function tlsSource(config: Config): Pick<TlsSource, "files" | "names"> {
  const { tlsCert, tlsKey, tlsNames, publicUrl, sensorUrl, listen, sensorListen } = config;
  const files = tlsCert && tlsKey ? { certificate: tlsCert, key: tlsKey } : undefined;
  const urls = [publicUrl, sensorUrl].flatMap((url) =>
    url ? new URL(url).hostname.replace(/^\[|\]$/g, "") : [],
  );
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ address }) => (address.includes("%") ? [] : address)),
  );
  const bound = [listen, sensorListen].flatMap((one) =>
    one && !/^(0\.0\.0\.0|::)$/.test(one.hostname) ? one.hostname : [],
  );
  const all = [...tlsNames, ...urls, ...bound, hostname(), "localhost", "127.0.0.1", "::1", ...own];
  // Omits names with a character that certificates cannot contain, because the server could not start.
  const names = [...new Set(all.map((name) => name.toLowerCase()))].filter(
    (name) => isIP(name) || /^[\x21-\x7e]{1,253}$/.test(name),
  );
  return { files, names: names.slice(0, MAX_NAMES) };
}
