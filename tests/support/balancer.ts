// A load balancer on the hosts' switch, of bytes: TLS ends behind it.
import { createServer, connect as dial, type Socket } from "node:net";
import { SWITCH_ADDRESS } from "./hosts.ts";

/** Passes connections on to any port that is open now, byte by byte. */
export async function openBalancer(
  listenPort: number,
  ports: () => number[],
  random: () => number,
): Promise<AsyncDisposable> {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const port = pick(ports());
    if (port === undefined) return client.destroy();
    const behind = dial(port, SWITCH_ADDRESS);
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
  await new Promise<void>((resolve) => server.listen(listenPort, SWITCH_ADDRESS, resolve));
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
