// Proxies between this host and the server: a tunnel through one by CONNECT (RFC 9110, section 9.3.6), with credentials by Basic
// (RFC 7617). Requests go through it by themselves; this is for a look at the certificate behind it.
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { SensorError } from "./sensor-error.ts";
import { Unreachable } from "./server-reply.ts";

const MAX_HEAD_BYTES = 16_384;

/** The proxy's address in full, credentials and all. Throws SensorError, which does not hold them. */
export function parseProxyUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && !url.search && !url.hash)
    return url.href;
  const shown = url ? describeProxy(text) : "that was given";
  throw new SensorError(
    "usage",
    `Cannot use the proxy ${shown}: it is not an address such as http://user:password@proxy.example.com:3128`,
  );
}

/** Without its credentials. */
export function describeProxy(proxy: string): string {
  return new URL(proxy).origin;
}

/** A connection to host and port, through the proxy if there is one. Throws Unreachable. */
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
      ? await opened(connectTls({ ...at, ...name }), "secureConnect", timeoutMs)
      : await opened(connectTcp(at), "connect", timeoutMs);
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const authorization =
    credentials === ":"
      ? ""
      : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString("base64")}\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  const status = await readStatus(socket, timeoutMs);
  if (status >= 200 && status < 300) return socket;
  socket.destroy();
  throw new Unreachable(proxyRefusal(status));
}

/** Why a proxy opens no tunnel, in words. */
export function proxyRefusal(status: number): string {
  if (status === 407) return "the proxy wants credentials, or others than were given";
  return `the proxy refuses to connect to it (${status})`;
}

export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function opened<S extends Socket>(
  socket: S,
  event: "connect" | "secureConnect",
  timeoutMs: number,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Unreachable(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    socket.once(event, () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function readStatus(socket: Socket, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = "";
    const timer = setTimeout(
      () => end(() => reject(new Unreachable("the proxy does not answer"))),
      timeoutMs,
    );
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
      end(() => (status ? resolve(status) : reject(new Unreachable("what the proxy answers is not HTTP"))));
    }
    socket.on("data", read);
    socket.once("close", closed);
  });
}
