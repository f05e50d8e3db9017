// attacklens serve: runs the server until SIGINT or SIGTERM.
import { openBoundedOutput } from "@attacklens/protocol/bounded-output.ts";
import { countOf } from "@attacklens/protocol/count-of.ts";
import { readConfig } from "../config.ts";
import type { ConsoleBundle } from "../http/console-files.ts";
import { ownCommand } from "../processes/first-process.ts";
import { openReadyFile } from "../ready-file.ts";
import { startServer } from "../server.ts";
import { absentText, SETTINGS, type Setting } from "../settings.ts";
import { optionList } from "./option-list.ts";

export const SERVE_USAGE = `Usage:
  attacklens serve [OPTION]...

Runs the console and the API. Data is stored in the SQLite database of the data folder, or in
PostgreSQL if DATABASE_URL is set. The first start prints a link that creates the first Super Admin.

On a loopback address the server uses plain HTTP. On any other address it uses HTTPS, with the
certificate of --tls-cert or one of its private CA (attacklens ca --help). SIGHUP reloads the
certificate. Use --tls off only behind a proxy on another host.

Options, each with the variable that sets it too:
${settingList((setting) => setting.flag !== undefined)}

Variables without an option:
${settingList((setting) => setting.flag === undefined)}

Example:
  $ attacklens serve --data /var/lib/attacklens
`;

function settingList(isListed: (setting: Setting) => boolean): string {
  const listed = Object.values<Setting>(SETTINGS).filter(isListed);
  return optionList(
    listed.map((setting) => {
      const { flag, variable, value, help } = setting;
      const absent = `default: ${absentText(setting)}`;
      return flag === undefined
        ? [`${variable}=${value}`, `${help} (${absent})`]
        : [`--${flag} ${value}`, `${help} (${variable}; ${absent})`];
    }),
  );
}

export async function serve(args: string[], bundle: ConsoleBundle): Promise<number> {
  const config = readConfig(args);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  const command = [...ownCommand(), "serve-process", ...args];
  const role = { type: "first", command, count: config.processes } as const;
  await using server = await startServer(config, bundle, role);
  using _ready = config.readyFile === undefined ? undefined : openReadyFile(config.readyFile);
  process.on("SIGHUP", () => void server.reloadCertificates());
  const print = openPrint();
  print(`listening on ${server.url}`);
  if (server.sensorUrl) print(`listening for sensors on ${server.sensorUrl}`);
  if (server.setupLink)
    print(`Open this link to create the first Super Admin. It works once: ${server.setupLink}`);
  await stopped;
  return 0;
}

/** Unlike console.log, it does not block while nothing reads standard output. */
function openPrint(): (line: string) => void {
  const droppedLine = (count: number) => `(${countOf(count, "line was dropped", "lines were dropped")})\n`;
  const output = openBoundedOutput({ stream: process.stdout, droppedLine });
  return (line) => output.write(`${line}\n`);
}
