// Simulated hosts on this machine. Each is a network namespace with a cable to a switch, and has the files of
// a small host. The hosts reach only each other. Needs root on Linux.
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { programPath, SENSOR } from "../../harness/build.ts";
import { makeSmallHost, writeHostFile } from "./small-host.ts";

/** The address of the switch, where the hosts reach the servers. */
export const SWITCH_ADDRESS = "10.77.0.1";

export interface Host {
  name: string;
  address: string;
  stateDir: string;
  logFile: string;
  /** Returns the command line that enrolls or runs the sensor with these arguments on the host. */
  command(args: string[]): string[];
  addUser(name: string): void;
  pullCable(): void;
  plugCable(): void;
}

/** Returns why this machine cannot simulate hosts; undefined: it can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "network namespaces need root on Linux";
  for (const program of ["ip", "nsenter"]) if (!Bun.which(program)) return `no ${program}`;
  const name = `attacklens-try-${process.pid}`;
  const made = Bun.spawnSync(["ip", "netns", "add", name], { stderr: "ignore" }).exitCode === 0;
  if (!made) return "network namespaces are not allowed";
  ip("netns", "del", name);
  return undefined;
}

/** Opens a switch in a separate namespace. Servers run in that namespace too. */
export function openSwitch(name: string) {
  ip("netns", "add", name);
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "link", "add", "switch", "type", "bridge");
  ip("-n", name, "addr", "add", `${SWITCH_ADDRESS}/16`, "dev", "switch");
  ip("-n", name, "link", "set", "switch", "up");
  return {
    /** Returns the command line that runs a program in the namespace of the switch. */
    command: (args: string[]) => ["nsenter", `--net=/run/netns/${name}`, ...args],
    [Symbol.dispose]: () => ip("netns", "del", name),
  };
}

/** Adds hosts with a cable to the named switch. Their files are below `folder`. */
export function openHosts(switchName: string, folder: string) {
  const made: string[] = [];
  return {
    add(number: number): Host {
      const name = `host-${String(number).padStart(2, "0")}`;
      const space = `${switchName}-${number}`;
      const [port, cable] = [`p${number}`, "eth0"];
      const address = `10.77.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;
      ip("netns", "add", space);
      made.push(space);
      ip("-n", space, "link", "set", "lo", "up");
      ip("-n", switchName, "link", "add", port, "type", "veth", "peer", "name", cable, "netns", space);
      ip("-n", switchName, "link", "set", port, "master", "switch", "up");
      ip("-n", space, "addr", "add", `${address}/16`, "dev", cable);
      ip("-n", space, "link", "set", cable, "up");
      const files = join(folder, name);
      mkdirSync(files, { recursive: true });
      const root = join(files, "root");
      makeSmallHost(root);
      writeHostFile(root, "etc/hostname", `${name}\n`);
      writeHostFile(root, "etc/machine-id", `${Bun.hash(space).toString(16).padStart(32, "0")}\n`);
      return {
        name,
        address,
        stateDir: join(files, "state"),
        logFile: join(files, "sensor.log"),
        command: (args) => [
          ...["ip", "netns", "exec", space],
          ...[programPath(SENSOR), ...args, "--root", root],
        ],
        addUser: (user) =>
          appendFileSync(join(root, "etc/passwd"), `${user}:x:5000:5000::/nonexistent:/usr/sbin/nologin\n`),
        pullCable: () => ip("-n", switchName, "link", "set", port, "down"),
        plugCable: () => ip("-n", switchName, "link", "set", port, "up"),
      };
    },
    [Symbol.dispose]() {
      for (const name of made.reverse()) ip("netns", "del", name);
    },
  };
}

function ip(...args: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["ip", ...args], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}
