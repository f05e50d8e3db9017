// Relays TCP connections to a server, and cuts them when a test requests it.
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import { joinSockets } from "../../harness/join-sockets.ts";

interface Address {
  host: string;
  port: number;
}

export interface TcpRelay extends AsyncDisposable {
  port: number;
  /** Resets every connection, like a network failure. */
  cut(): void;
  /** While true, new connections are reset. */
  isClosed: boolean;
}

/**
 * Listens on `listen`. `findTarget` returns the target of each new connection; undefined: the connection is
 * reset.
 */
export async function openTcpRelay(
  findTarget: () => Address | undefined,
  listen: Address = { host: "127.0.0.1", port: 0 },
): Promise<TcpRelay> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = relay.isClosed ? undefined : findTarget();
    if (target) joinSockets(client, dial(target), open);
    else client.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(listen, resolve));
  const relay: TcpRelay = {
    port: (server.address() as AddressInfo).port,
    isClosed: false,
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      relay.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}
