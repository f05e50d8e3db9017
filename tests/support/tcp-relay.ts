// Relays TCP connections between a program and a server, and cuts them when a test requests it.
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";

export interface TcpRelay extends AsyncDisposable {
  port: number;
  /** Resets every connection, like a network failure. */
  cut(): void;
  /** While true, new connections are reset. */
  isClosed: boolean;
}

export async function openTcpRelay(targetHost: string, targetPort: number): Promise<TcpRelay> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    if (relay.isClosed) return client.resetAndDestroy();
    const behind = dial(targetPort, targetHost);
    for (const socket of [client, behind]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        behind.destroy();
      });
    }
    client.pipe(behind);
    behind.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
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
