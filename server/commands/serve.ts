// attacklens serve: runs the server until it is told to stop.
import { openBoundedOutput } from "@attacklens/protocol/bounded-output.ts";
import { readConfig } from "../config.ts";
import type { ConsoleBundle } from "../http/console-files.ts";
import { startServer } from "../server.ts";

export async function serve(args: string[], bundle: ConsoleBundle): Promise<number> {
  const config = readConfig(args);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await using server = await startServer(config, bundle);
  process.on("SIGHUP", () => void server.reloadCertificates());
  const print = openPrint();
  print(`listening on ${server.url}`);
  if (server.sensorUrl) print(`listening for sensors on ${server.sensorUrl}`);
  if (server.setupLink)
    print(`Open this link to create the first Super Admin; it works once: ${server.setupLink}`);
  await stopped;
  return 0;
}

/** Not console.log, which would block while nobody reads standard output. */
function openPrint(): (line: string) => void {
  const droppedLine = (count: number) => `(${count} lines were dropped)\n`;
  const output = openBoundedOutput({ stream: process.stdout, droppedLine });
  return (line) => output.write(`${line}\n`);
}
