// The file that exists while the server accepts requests. A service manager waits for it: the notifications
// of systemd are datagrams on a Unix socket, which Bun does not have.
import { rmSync, writeFileSync } from "node:fs";

export function openReadyFile(path: string): Disposable {
  writeFileSync(path, `${process.pid}\n`);
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}
