// A forward proxy for tests. It opens tunnels with CONNECT (RFC 9110, section 9.3.6), always to this machine,
// regardless of the requested hostname.
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { joinSockets } from "./join-sockets.ts";

export interface ConnectProxyOptions {
  /** Required with Basic authentication (RFC 7617). Absent: no authentication. */
  credentials?: { user: string; password: string };
  /** Its certificate and key. Absent: plain HTTP to the proxy. */
  tls?: { cert: string; key: string };
  /** The status that it returns instead of opening a tunnel. */
  refuseWith?: number;
}

export interface ConnectProxy extends AsyncDisposable {
  /** Without credentials. */
  url: string;
  port: number;
  /** The targets of accepted requests in order, e.g. `attacklens.test:8443`. */
  tunnels: string[];
  /** The Proxy-Authorization of each request; `none` without one. */
  authorizations: string[];
  /** Requests other than CONNECT. */
  others: string[];
}

export async function openConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const { credentials, tls, refuseWith } = options;
  const open = new Set<Socket>();
  const [tunnels, authorizations, others]: [string[], string[], string[]] = [[], [], []];
  const wanted =
    credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64")}`;
  const server = tls ? createHttpsServer(tls) : createHttpServer();
  server.on("request", (request, response) => {
    others.push(`${request.method} ${request.url}`);
    response.writeHead(400).end();
  });
  server.on("connect", (request: IncomingMessage, client: Socket) => {
    const given = request.headers["proxy-authorization"];
    authorizations.push(given ?? "none");
    client.on("error", () => {});
    if (wanted !== undefined && given !== wanted) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="tests"\r\n\r\n',
      );
      return;
    }
    if (refuseWith !== undefined) {
      client.end(`HTTP/1.1 ${refuseWith} Refused\r\n\r\n`);
      return;
    }
    const target = String(request.url);
    tunnels.push(target);
    const upstream = connect(Number(target.slice(target.lastIndexOf(":") + 1)), "127.0.0.1");
    upstream.once("connect", () => client.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    joinSockets(client, upstream, open);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    ...{ port, tunnels, authorizations, others },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
