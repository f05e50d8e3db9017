// A listening port whose certificate can change without a refused or reset connection. Bun can't change the
// certificate of a listener: `reload` ignores `tls`, and its node:https has no `setSecureContext`. So a
// second listener joins the port and gets every new connection (port-order.ts), and the first one stops when
// its connections have ended. Stopping it earlier would reset connections during their handshake. If the
// system does not give the port to the second listener, this happens.
import { lookup } from "node:dns/promises";
import type { Server } from "bun";
import type { ServerCertificate } from "../certificates/x509.ts";
import { explainListen } from "../explain-system.ts";
import { orderPort } from "./port-order.ts";

/** Above every route's limit. Bun refuses larger requests. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const STOP_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_S = 60;
/**
 * After this time, a listener without new connections has none left: each was closed after a request, or was
 * idle for too long.
 */
const DRAIN_MS = (IDLE_TIMEOUT_S + 10) * 1_000;

/**
 * The cipher suites of TLS 1.2 with authenticated encryption and forward secrecy (RFC 9325, section 4.2). TLS
 * 1.3 has no others.
 */
const TLS_1_2_CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

export interface ListenerOptions {
  hostname: string;
  port: number;
  certificate: ServerCertificate | undefined;
  fetch: (request: Request, server: Server<undefined>) => Response | Promise<Response>;
}

export interface Listener {
  port: number;
  /** `https://127.0.0.1:8443` */
  url: string;
  /**
   * Uses the certificate for new connections. Stops waiting for connections of the listener before the
   * current one.
   */
  swap(certificate: ServerCertificate): void;
  /** Completes the requests in flight, except stalled ones. */
  stop(): Promise<void>;
}

/**
 * Throws Error for the operator if the name has no address. For such a name, Bun reports an unrelated earlier
 * error.
 */
export async function requireHost(hostname: string): Promise<void> {
  try {
    await lookup(hostname);
  } catch (error) {
    throw explainListen({ code: "ENOTFOUND", cause: error }, hostname);
  }
}

/**
 * Throws Error for the operator if it cannot listen on the address, e.g. because another program uses the
 * port.
 */
export function openListener({ hostname, port, certificate, fetch }: ListenerOptions): Listener {
  const base = { hostname, maxRequestBodySize: MAX_REQUEST_BYTES, idleTimeout: IDLE_TIMEOUT_S, fetch };
  const serveTls = (port: number, { chain, privateKey }: ServerCertificate) =>
    Bun.serve({
      ...base,
      port,
      reusePort: true,
      tls: { cert: chain, key: privateKey, ciphers: TLS_1_2_CIPHERS },
      async fetch(request, server) {
        const reply = await fetch(request, server);
        // The client's next connection goes to the listener with the current certificate.
        if (server !== current) reply.headers.set("connection", "close");
        return reply;
      },
    });
  const address = hostname.includes(":") ? `[${hostname}]` : hostname;
  let current: Server<undefined>;
  let isOrdered = false;
  try {
    if (certificate) {
      // Checks the port without sharing: otherwise another server, started by mistake, would share it.
      if (port !== 0) void Bun.serve({ ...base, port }).stop(true);
      using ordered = orderPort(hostname, port);
      isOrdered = ordered.isOrdered;
      current = serveTls(ordered.port, certificate);
    } else current = Bun.serve({ ...base, port });
  } catch (error) {
    throw explainListen(error, `${address}:${port}`);
  }
  const ending = new Set<Server<undefined>>();
  let draining: { server: Server<undefined>; timer: ReturnType<typeof setTimeout> } | undefined;
  function endDraining() {
    if (!draining) return;
    const { server, timer } = draining;
    draining = undefined;
    clearTimeout(timer);
    ending.add(server);
    void server.stop().then(() => ending.delete(server));
  }
  const scheme = certificate ? "https" : "http";
  return {
    port: current.port!,
    url: `${scheme}://${address}:${current.port}`,
    swap(next) {
      endDraining();
      const before = current;
      current = serveTls(before.port!, next);
      draining = { server: before, timer: setTimeout(endDraining, DRAIN_MS) };
      if (!isOrdered) endDraining();
    },
    async stop() {
      endDraining();
      const all = [current, ...ending];
      const deadline = setTimeout(() => {
        for (const server of all) void server.stop(true);
      }, STOP_TIMEOUT_MS);
      await Promise.all(all.map((server) => server.stop()));
      clearTimeout(deadline);
    },
  };
}
