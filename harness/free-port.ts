import { type AddressInfo, createServer } from "node:net";

/**
 * Returns a port on 127.0.0.1 that is free now. Another process may take it before the caller does. Throws if
 * the given candidate is not free.
 */
export async function findFreePort(candidate = 0): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(candidate, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
