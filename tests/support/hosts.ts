// Hosts of the tests' own on this machine: each a network namespace with a cable to a switch, a name, a machine id and users of its
// own. They reach one another and nothing else. Linux, as root.
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath, SENSOR } from "../../harness/build.ts";

/** The switch's own address: what the hosts can reach. */
export const SWITCH_ADDRESS = "10.77.0.1";

export interface Host {
  name: string;
  address: string;
  stateDir: string;
  logFile: string;
  /** The command as it runs on this host. */
  command(args: string[]): string[];
  addUser(name: string): void;
  pullCable(): void;
  plugCable(): void;
}

/** Why there can be none here; undefined: there can. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "network namespaces need root on Linux";
  for (const program of ["ip", "unshare", "nsenter"]) if (!Bun.which(program)) return `no ${program}`;
  const name = `attacklens-try-${process.pid}`;
  const made = Bun.spawnSync(["ip", "netns", "add", name], { stderr: "ignore" }).exitCode === 0;
  if (!made) return "network namespaces are not allowed";
  ip("netns", "del", name);
  return undefined;
}

/** A switch in a namespace of its own, which is where servers are to run. */
export function openSwitch(name: string) {
  ip("netns", "add", name);
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "link", "add", "switch", "type", "bridge");
  ip("-n", name, "addr", "add", `${SWITCH_ADDRESS}/16`, "dev", "switch");
  ip("-n", name, "link", "set", "switch", "up");
  return {
    /** The command as it runs beside the switch. */
    command: (args: string[]) => ["nsenter", `--net=/run/netns/${name}`, ...args],
    [Symbol.dispose]: () => ip("netns", "del", name),
  };
}

/** Hosts with a cable to the switch of that name, whose files are below the folder. */
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
      const [machineId, passwd] = [join(files, "machine-id"), join(files, "passwd")];
      writeFileSync(machineId, `${Bun.hash(space).toString(16).padStart(32, "0")}\n`);
      copyFileSync("/etc/passwd", passwd);
      const setUp = `hostname ${name} && mount --bind ${machineId} /etc/machine-id && mount --bind ${passwd} /etc/passwd && exec "$0" "$@"`;
      return {
        name,
        address,
        stateDir: join(files, "state"),
        logFile: join(files, "sensor.log"),
        command: (args) => [
          ...["ip", "netns", "exec", space, "unshare", "--uts", "--mount", "sh", "-c", setUp],
          ...[programPath(SENSOR), ...args],
        ],
        addUser: (user) => appendFileSync(passwd, `${user}:x:5000:5000::/nonexistent:/usr/sbin/nologin\n`),
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
