// A Debian host on this machine with a real systemd as process 1: systemd-nspawn(1) boots a layer above a
// tree. It shares this machine's network, so that it reaches servers on 127.0.0.1. Needs root on Linux.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type CommandResult, runCommand } from "../../harness/command.ts";
import { findOrInstall } from "../../harness/debian.ts";
import { type DebianRelease, findDebianTree } from "../../harness/debian-tree.ts";
import { lastLines } from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { type HostCgroup, makeHostCgroup } from "./host-cgroup.ts";

export interface SystemdHost extends AsyncDisposable {
  /** Its root folder, as this machine sees it. */
  root: string;
  /** The folders of its disk, the newest first. */
  layers: string[];
  /** The id of its process 1, as this machine sees it. */
  leader(): number;
  /** Returns the command line that runs a program on the host. */
  command(args: string[]): string[];
  run(args: string[], options?: { stdin?: string }): Promise<CommandResult>;
  /** Copies a file of this machine to the host, executable. */
  put(source: string, path: string): void;
  /** The id on this machine of a process of the host. */
  findProcess(pid: number): number | undefined;
  /** Ends the host as a power failure does. */
  cutPower(): Promise<void>;
  /** Starts the host, and resolves when it has booted. */
  boot(): Promise<void>;
}

const ENVIRONMENT = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

/** Returns why this machine cannot boot such a host; undefined: it can. */
export function whyNoSystemd(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "systemd-nspawn needs root on Linux";
  if (!existsSync("/usr/bin/apt-get") && !Bun.which("systemd-nspawn")) return "no systemd-nspawn";
  const mounts = Bun.spawnSync(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], {
    stderr: "ignore",
  });
  return mounts.exitCode === 0 ? undefined : "mounts are not allowed";
}

/**
 * Boots a host. Its disk is in memory and gone when it is disposed. `change` changes that disk before the
 * boot.
 */
export async function openSystemdHost(
  release: DebianRelease,
  change?: (root: string) => void,
): Promise<SystemdHost> {
  return await openHost(release, [await findDebianTree(release)], change);
}

/**
 * Boots a copy of a host that is off, with its own disk. `change` changes that disk before the boot. The
 * original must stay off, and be disposed after the copy.
 */
export async function openClone(
  { layers }: SystemdHost,
  name: string,
  change: (root: string) => void,
): Promise<SystemdHost> {
  return await openHost(name, layers, change);
}

async function openHost(
  label: string,
  lower: string[],
  change: (root: string) => void = () => {},
): Promise<SystemdHost> {
  await using opening = new AsyncDisposableStack();
  const nspawn = await findOrInstall("systemd-nspawn");
  const folder = opening.use(openTemporaryFolder("host")).path;
  mountTmpfs("/run/systemd/nspawn");
  mountTmpfs(folder);
  opening.defer(() => run(["umount", folder]));
  const [upper, work, root] = ["upper", "work", "root"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [upper, work, root]) mkdirSync(path);
  const options = `lowerdir=${lower.join(":")},upperdir=${upper},workdir=${work}`;
  run(["mount", "-t", "overlay", "overlay", "-o", options, root]);
  // With what a test has mounted below it.
  opening.defer(() => run(["umount", "--recursive", root]));
  raisePriorities(root);
  change(root);
  const logFile = join(folder, "console.log");
  let machine: Bun.Subprocess | undefined;
  let leader: number | undefined;
  let cgroup: HostCgroup | undefined;

  const command = (args: string[]) => ["nsenter", `--target=${leader}`, "--all", ...ENVIRONMENT, ...args];
  async function boot(): Promise<void> {
    const name = `${label}-${process.pid}`;
    const options = ["--quiet", "--register=no", "--keep-unit", "--console=pipe", "--boot"];
    cgroup = makeHostCgroup(`attacklens-${name}-${crypto.randomUUID()}`);
    machine = Bun.spawn(cgroup.command([nspawn, `--directory=${root}`, `--machine=${name}`, ...options]), {
      stdin: "ignore",
      stdout: Bun.file(logFile),
      stderr: Bun.file(logFile),
    });
    const { pid, exited } = machine;
    const ended = exited.then((code) => {
      throw new Error(`the host ended with ${code}:\n${lastLines(logFile)}`);
    });
    const booted = waitUntil(`${label} has booted`, async () => {
      // systemd-nspawn starts another process first, which ends.
      leader = childOf(pid);
      if (leader === undefined) return false;
      const { stdout } = await runCommand(command(["systemctl", "is-system-running", "--wait"]));
      return /^(running|degraded)/.test(stdout);
    });
    ended.catch(() => {});
    await Promise.race([booted, ended]);
  }
  async function cutPower(): Promise<void> {
    machine?.kill("SIGKILL");
    if (leader !== undefined && existsSync(`/proc/${leader}`)) process.kill(leader, "SIGKILL");
    await machine?.exited;
    await waitUntil("the processes of the host are gone", () => !existsSync(`/proc/${leader}`));
    await waitUntil("its cgroup is empty", () => cgroup?.remove() ?? true);
  }
  opening.defer(cutPower);
  await boot();
  const opened = opening.move();
  return {
    root,
    layers: [upper, ...lower],
    leader: () => leader!,
    command,
    run: (args, options) => runCommand(command(args), options),
    put(source, path) {
      copyFileSync(source, join(root, path));
      run(["chmod", "755", join(root, path)]);
    },
    findProcess: (pid) => (leader === undefined ? undefined : processOf(leader, pid)),
    cutPower,
    boot,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Beside the other tests of this machine, a service with a low priority waits for minutes. */
function raisePriorities(root: string): void {
  const folder = join(root, "etc/systemd/system/service.d");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "priority.conf"), "[Service]\nNice=0\n");
}

/** The child of a process: that of systemd-nspawn is process 1 of the host. */
function childOf(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return children === "" ? undefined : Number(children.split(" ")[0]);
  } catch {
    return undefined;
  }
}

/** Finds the process with the id in the namespace of another one: pid_namespaces(7). */
function processOf(leader: number, pid: number): number | undefined {
  const namespaceOf = (name: string | number) => readlinkSync(`/proc/${name}/ns/pid`);
  const namespace = namespaceOf(leader);
  const found = readdirSync("/proc").find((name) => {
    try {
      const ids = /^NSpid:\t(.+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]?.split("\t");
      return ids?.at(-1) === String(pid) && namespaceOf(name) === namespace;
    } catch {
      // It is no process, or has ended.
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

function mountTmpfs(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const isMounted = Bun.spawnSync(["mountpoint", "-q", folder]).exitCode === 0;
  if (!isMounted) run(["mount", "-t", "tmpfs", "-o", "size=2g,mode=0755", "tmpfs", folder]);
}

function run(command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}
