// Proxies between this host and the server: tunnels with CONNECT (RFC 9110, section 9.3.6) and Basic
// credentials (RFC 7617). `fetch` supports proxies. The tunnel is for reading the certificate behind one, and
// the relay for a proxy whose certificate has another CA than the server's. No library fits: proxy agents are
// for node:http, and `fetch` accepts only a URL.
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { verifiedFetch } from "@attacklens/protocol/verified-fetch.ts";
import { bareHost, credentialsOf } from "./proxy-url.ts";
import { Unreachable } from "./server-reply.ts";

const MAX_HEAD_BYTES = 16_384;
const RELAY_TIMEOUT_MS = 20_000;

/** Opens a connection to host and port, through the proxy if given. Throws Unreachable. */
export async function openTunnel(
  proxy: string | undefined,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Socket> {
  if (proxy === undefined) return await opened(connectTcp({ host, port }), "connect", timeoutMs);
  const url = new URL(proxy);
  const at = {
    host: bareHost(url.hostname),
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
  };
  const name = isIP(at.host) ? {} : { servername: at.host };
  const socket =
    url.protocol === "https:"
      ? await opened(connectTls({ ...at, ...name, rejectUnauthorized: true }), "secureConnect", timeoutMs)
      : await opened(connectTcp(at), "connect", timeoutMs);
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const credentials = credentialsOf(url);
  const authorization = credentials
    ? `Proxy-Authorization: Basic ${Buffer.from(credentials).toString("base64")}\r\n`
    : "";
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  const status = await readStatus(socket, timeoutMs);
  if (status >= 200 && status < 300) return socket;
  socket.destroy();
  throw new Unreachable(proxyRefusal(status));
}

/** `fetch` with the given roots and proxy, independent of the environment. */
export async function fetchBy(
  { ca, proxy }: { ca?: string[] | undefined; proxy?: string | undefined },
  url: string,
  request: RequestInit,
): Promise<Response> {
  // A redirect must not move a request to another address.
  const options = { ...request, redirect: "manual" as const, ca };
  if (!ca || !proxy?.startsWith("https:"))
    return await verifiedFetch(url, { ...options, proxy: proxy ?? false });
  // `fetch` uses one list of roots for proxy and server, so a CA that is trusted for the proxy would be
  // trusted for the server.
  using relay = await openRelay(proxy);
  try {
    return await verifiedFetch(url, { ...options, proxy: relay.url, keepalive: false });
  } catch (error) {
    throw relay.failure() ?? error;
  }
}

/**
 * A private proxy on loopback that forwards to another proxy and verifies it with this host's trust store.
 */
async function openRelay(proxy: string) {
  const password = randomBytes(16).toString("hex");
  let failure: unknown;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connect", async (request: IncomingMessage, client: Socket) => {
    client.on("error", () => {});
    if (request.headers["proxy-authorization"] !== `Basic ${btoa(`sensor:${password}`)}`) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const { hostname, port } = new URL(`https://${request.url}`);
    try {
      const tunnel = await openTunnel(proxy, bareHost(hostname), Number(port || 443), RELAY_TIMEOUT_MS);
      tunnel.on("error", () => client.destroy());
      tunnel.on("close", () => client.destroy());
      client.on("close", () => tunnel.destroy());
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(tunnel);
      tunnel.pipe(client);
    } catch (error) {
      failure = error;
      client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://sensor:${password}@127.0.0.1:${(server.address() as AddressInfo).port}`,
    failure: () => failure,
    /** Accepts no new tunnels. An open tunnel stays until its reply is read. */
    [Symbol.dispose]: () => server.close(),
  };
}

/** Why a proxy refused a tunnel, as text. */
export function proxyRefusal(status: number): string {
  if (status === 407) return "the proxy rejected the credentials or requires some";
  return `the proxy refused to connect to the server (${status})`;
}

function opened<S extends Socket>(
  socket: S,
  event: "connect" | "secureConnect",
  timeoutMs: number,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Unreachable(`no reply within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    socket.once(event, () => {
      clearTimeout(timer);
      resolve(socket);
    });
    // Stays for the lifetime of the socket: a later error is handled by its reader and must not end the
    // program.
    socket.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function readStatus(socket: Socket, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = "";
    const timer = setTimeout(() => end(() => reject(new Unreachable("no reply from the proxy"))), timeoutMs);
    function end(settle: () => void): void {
      clearTimeout(timer);
      socket.off("data", read);
      socket.off("close", closed);
      settle();
    }
    function closed(): void {
      end(() => reject(new Unreachable("the proxy closed the connection")));
    }
    function read(bytes: Buffer): void {
      head += bytes.toString("latin1");
      const isWhole = head.includes("\r\n\r\n");
      if (!isWhole && head.length <= MAX_HEAD_BYTES) return;
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
      end(() => (status ? resolve(status) : reject(new Unreachable("the proxy's reply is not HTTP"))));
    }
    socket.on("data", read);
    socket.once("close", closed);
  });
}
