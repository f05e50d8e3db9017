// A listening port. Bun can't change the certificate of a listener: `reload` ignores `tls`, and its
// node:https has no `setSecureContext`. So a second listener joins the port, and certificate-swap.ts ends the
// earlier one. Several processes of a server share the port likewise.
import { lookup } from "node:dns/promises";
import { isLoopback } from "@attacklens/protocol/server-url.ts";
import type { Server } from "bun";
import type { ServerCertificate } from "../certificates/x509.ts";
import { explainListen } from "../explain-system.ts";
import {
  type Chosen,
  directConnections,
  hasWaitingConnections,
  ignoreNewConnections,
  sharePort,
  withDescriptor,
} from "./port-order.ts";

/** Above every route's limit. Bun refuses larger requests. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const STOP_TIMEOUT_MS = 10_000;
/**
 * The time in which a client that has connected sends its request, with a TLS handshake before it. On
 * loopback, there is no network in between.
 */
const FIRST_REQUEST_MS = { loopback: 100, others: 400 };
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
  /**
   * Completes the requests in flight, except stalled ones, and those of clients that have connected.
   * Otherwise, the kernel would reset connections that the listener has not seen yet.
   */
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
  const serve = (port: number, certificate: ServerCertificate | undefined, reusePort: boolean) =>
    withDescriptor(() =>
      Bun.serve({
        ...base,
        port,
        reusePort,
        ...(certificate ? { tls: tlsOptions(certificate) } : {}),
        fetch: certificate ? answerAndMove : fetch,
      }),
    );
  /** Joins no port of another server, which was started by mistake. Later listeners can join this one. */
  function serveFirst() {
    const alone = serve(port, certificate, false);
    if (!isShared || (alone.fd !== undefined && sharePort(alone.fd))) return alone;
    void alone.opened.stop(true);
    return serve(port, certificate, true);
  }
  async function answerAndMove(request: Request, server: Server<undefined>): Promise<Response> {
    const reply = await fetch(request, server);
    // The client's next connection goes to the listener with the current certificate.
    if (server !== current.opened) reply.headers.set("connection", "close");
    return reply;
  }
  const isShared = certificate !== undefined || sharing !== undefined;
  const address = hostname.includes(":") ? `[${hostname}]` : hostname;
  let current: ReturnType<typeof serve>;
  try {
    current = sharing === "joined" ? serve(port, certificate, true) : serveFirst();
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
      current = serve(boundPort, next, true);
    },
    dropEarlier,
    direct: (chosen) => current.fd !== undefined && directConnections(current.fd, chosen),
    async stop() {
      dropEarlier();
      if (current.fd !== undefined) await acceptAll(current.fd, isLoopback(address));
      const all = [current.opened, ...ending];
      const deadline = setTimeout(() => {
        for (const server of all) void server.stop(true);
      }, STOP_TIMEOUT_MS);
      await Promise.all(all.map((server) => server.stop()));
      clearTimeout(deadline);
    },
  };
}

/** Resolves when the clients that have connected have also sent their requests. Others connect later. */
async function acceptAll(fd: number, isNear: boolean): Promise<void> {
  const end = performance.now() + STOP_TIMEOUT_MS;
  const isIgnoring = ignoreNewConnections(fd);
  let wasIdle = false;
  do {
    wasIdle = !hasWaitingConnections(fd);
    if (isIgnoring) await Bun.sleep(isNear ? FIRST_REQUEST_MS.loopback : FIRST_REQUEST_MS.others);
    // On a busy machine, the time is over before the program has read anything.
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  } while (isIgnoring && (!wasIdle || hasWaitingConnections(fd)) && performance.now() < end);
}

function tlsOptions({ chain, privateKey }: ServerCertificate) {
  return { cert: chain, key: privateKey, ciphers: TLS_1_2_CIPHERS };
}
