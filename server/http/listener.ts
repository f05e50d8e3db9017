// A listening port. Bun can't change the certificate of a listener: `reload` ignores `tls`, and its
// node:https has no `setSecureContext`. So a second listener joins the port, and certificate-swap.ts ends the
// earlier one. Several processes of a server share the port likewise.
import { lookup } from "node:dns/promises";
import type { Server } from "bun";
import type { ServerCertificate } from "../certificates/x509.ts";
import { explainListen } from "../explain-system.ts";
import { type Chosen, directConnections, withDescriptor } from "./port-order.ts";

/** Above every route's limit. Bun refuses larger requests. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const STOP_TIMEOUT_MS = 10_000;
export const IDLE_TIMEOUT_S = 60;

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
  /**
   * `first`: other processes of this server join the port. `joined`: this process does. Absent: the port is
   * for this process only.
   */
  sharing?: "first" | "joined" | undefined;
  fetch: (request: Request, server: Server<undefined>) => Response | Promise<Response>;
}

export interface Listener {
  port: number;
  /** `https://127.0.0.1:8443` */
  url: string;
  /** Opens a listener with the certificate beside the current one, and ends the one before that. */
  add(certificate: ServerCertificate): void;
  /** Ends the listener before the current one after its requests. It gets no connections from now on. */
  dropEarlier(): void;
  /** Directs new connections of the port; see port-order.ts. */
  direct(chosen: Chosen | undefined): boolean;
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
export function openListener({ hostname, port, certificate, sharing, fetch }: ListenerOptions): Listener {
  const base = { hostname, maxRequestBodySize: MAX_REQUEST_BYTES, idleTimeout: IDLE_TIMEOUT_S, fetch };
  const serve = (port: number, certificate: ServerCertificate | undefined) =>
    withDescriptor(() =>
      Bun.serve({
        ...base,
        port,
        reusePort: certificate !== undefined || sharing !== undefined,
        ...(certificate ? { tls: tlsOptions(certificate) } : {}),
        fetch: certificate ? answerAndMove : fetch,
      }),
    );
  async function answerAndMove(request: Request, server: Server<undefined>): Promise<Response> {
    const reply = await fetch(request, server);
    // The client's next connection goes to the listener with the current certificate.
    if (server !== current.opened) reply.headers.set("connection", "close");
    return reply;
  }
  const address = hostname.includes(":") ? `[${hostname}]` : hostname;
  let current: ReturnType<typeof serve>;
  try {
    // Checks the port without sharing: otherwise another server, started by mistake, would share it.
    if (port !== 0 && sharing !== "joined") void Bun.serve({ ...base, port }).stop(true);
    current = serve(port, certificate);
  } catch (error) {
    throw explainListen(error, `${address}:${port}`);
  }
  const ending = new Set<Server<undefined>>();
  let earlier: Server<undefined> | undefined;
  function dropEarlier() {
    const server = earlier;
    if (!server) return;
    earlier = undefined;
    ending.add(server);
    void server.stop().then(() => ending.delete(server));
  }
  const boundPort = current.opened.port!;
  return {
    port: boundPort,
    url: `${certificate ? "https" : "http"}://${address}:${boundPort}`,
    add(next) {
      dropEarlier();
      earlier = current.opened;
      current = serve(boundPort, next);
    },
    dropEarlier,
    direct: (chosen) => current.fd !== undefined && directConnections(current.fd, chosen),
    async stop() {
      dropEarlier();
      const all = [current.opened, ...ending];
      const deadline = setTimeout(() => {
        for (const server of all) void server.stop(true);
      }, STOP_TIMEOUT_MS);
      await Promise.all(all.map((server) => server.stop()));
      clearTimeout(deadline);
    },
  };
}

function tlsOptions({ chain, privateKey }: ServerCertificate) {
  return { cert: chain, key: privateKey, ciphers: TLS_1_2_CIPHERS };
}
