// A port that is listened on, whose certificate can be changed without refusing anybody: a second listener joins the port, then the
// first one takes no new connections and ends with its last.
import { lookup } from "node:dns/promises";
import type { Server } from "bun";
import type { ServerCertificate } from "../certificates/x509.ts";
import { explainListen } from "../explain-system.ts";

/** Above every route's own limit: what is larger never reaches us. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
const STOP_TIMEOUT_MS = 10_000;

/** The cipher suites of TLS 1.2 with authenticated encryption and forward secrecy (RFC 9325, section 4.2). TLS 1.3 has no others. */
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
  swap(certificate: ServerCertificate): void;
  /** Requests in flight are answered; who stalls is not waited for. */
  stop(): Promise<void>;
}

/** Bun reports a name without an address as whatever error came before. Throws Error for the operator. */
export async function requireHost(hostname: string): Promise<void> {
  try {
    await lookup(hostname);
  } catch (error) {
    throw explainListen({ code: "ENOTFOUND", cause: error }, hostname);
  }
}

/** Throws Error for the operator when the address cannot be listened on, e.g. because another program has the port. */
export function openListener({ hostname, port, certificate, fetch }: ListenerOptions): Listener {
  const base = { hostname, maxRequestBodySize: MAX_REQUEST_BYTES, idleTimeout: 60, fetch };
  const serve = (port: number, certificate: ServerCertificate | undefined) =>
    Bun.serve({
      ...base,
      port,
      reusePort: certificate !== undefined,
      ...(certificate
        ? { tls: { cert: certificate.chain, key: certificate.privateKey, ciphers: TLS_1_2_CIPHERS } }
        : {}),
    });
  const address = hostname.includes(":") ? `[${hostname}]` : hostname;
  let current: Server<undefined>;
  try {
    // A port that is shared would also be shared with another server that was started by mistake.
    if (certificate && port !== 0) void Bun.serve({ ...base, port }).stop(true);
    current = serve(port, certificate);
  } catch (error) {
    throw explainListen(error, `${address}:${port}`);
  }
  const ending = new Set<Server<undefined>>();
  const scheme = certificate ? "https" : "http";
  return {
    port: current.port!,
    url: `${scheme}://${address}:${current.port}`,
    swap(next) {
      const before = current;
      current = serve(before.port!, next);
      ending.add(before);
      void before.stop().then(() => ending.delete(before));
    },
    async stop() {
      const all = [current, ...ending];
      const deadline = setTimeout(() => {
        for (const server of all) void server.stop(true);
      }, STOP_TIMEOUT_MS);
      await Promise.all(all.map((server) => server.stop()));
      clearTimeout(deadline);
    },
  };
}
