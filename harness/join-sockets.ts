import type { Socket } from "node:net";

/**
 * Sends the bytes of each socket to the other. When one closes, both do. `open` contains each socket until it
 * closes.
 */
export function joinSockets(client: Socket, upstream: Socket, open: Set<Socket>): void {
  for (const socket of [client, upstream]) {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      client.destroy();
      upstream.destroy();
    });
  }
  client.pipe(upstream);
  upstream.pipe(client);
}
