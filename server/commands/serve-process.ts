// attacklens serve-process: one of several processes of a server. Only `attacklens serve` runs it, with its
// own options and the number of the process.
import { ConfigError, readConfig } from "../config.ts";
import type { ConsoleBundle } from "../http/console-files.ts";
import { openFirstProcess } from "../processes/other-process.ts";
import { startServer } from "../server.ts";

export async function serveProcess(args: string[], bundle: ConsoleBundle): Promise<number> {
  // Without a listener, a write after the end of the first process would end this one during its requests.
  process.stdout.on("error", () => {});
  const first = openFirstProcess(Bun.stdin.stream(), (line) => process.stdout.write(line));
  const number = Number(args.at(-1));
  if (!Number.isSafeInteger(number)) throw new ConfigError("serve-process needs the number of the process");
  const config = readConfig(args.slice(0, -1));
  // The first process reloads the certificate for all of them.
  process.on("SIGHUP", () => {});
  const stopped = new Promise<void>((resolve) => {
    // A terminal and systemd signal all processes, and then the first one does. That must not cut requests
    // off.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
    void first.ended.then(resolve);
  });
  const beginning = await first.ask("begin", null);
  const [port, sensorPort] = beginning.ports;
  const shared = {
    ...config,
    listen: { ...config.listen, port: port! },
    sensorListen: config.sensorListen && { ...config.sensorListen, port: sensorPort! },
  };
  const role = { type: "other", number, beginning, first } as const;
  await using _server = await startServer(shared, bundle, role);
  await stopped;
  return 0;
}
