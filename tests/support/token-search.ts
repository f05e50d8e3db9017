// Looks for a token where it must not be: in the arguments and the environment of every process that a host
// starts, and afterwards in its journal and on its disk.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { findOrInstall } from "../../harness/debian.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { processListing } from "./sensors.ts";
import type { SystemdHost } from "./systemd-host.ts";

export interface TokenSearch extends AsyncDisposable {
  /** Prefix of a command line whose processes are watched. */
  through: string[];
  /** The number of processes that were started, and the lines about those that had the token. */
  seen(): Promise<{ started: number; found: string[] }>;
}

/**
 * Watches every process that the command lines start. With LONG_TESTS=1, also those of the host's service
 * manager, which takes longer. Without it, only looks at the host's processes at the end.
 */
export async function watchProcesses(
  host: SystemdHost,
  value: string,
  logFile: string,
): Promise<TokenSearch> {
  const strace = await findOrInstall("strace");
  // -v: with the environment. execve(2) gets all arguments, whatever a process does to its title later.
  const options = ["-f", "-qq", "-v", "-s", "65536", "-e", "trace=execve,execveat", "-e", "signal=none"];
  const attached = LONG_TESTS ? await attach([strace, ...options, "-o", `${logFile}.init`], host) : undefined;
  return {
    through: [strace, "--seccomp-bpf", ...options, "-o", `${logFile}.shell`],
    async seen() {
      await attached?.[Symbol.asyncDispose]();
      const lines = [".init", ".shell"].flatMap((suffix) => readLines(logFile + suffix));
      return {
        started: lines.filter((line) => line.includes("execve")).length,
        found: [...lines, ...processesOf(host)].filter((line) => line.includes(value)),
      };
    },
    [Symbol.asyncDispose]: async () => await attached?.[Symbol.asyncDispose](),
  };
}

/** Traces the host's service manager. */
async function attach(command: string[], host: SystemdHost): Promise<AsyncDisposable> {
  const child = Bun.spawn([...command, "-p", String(host.leader())], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const tracer = () =>
    /^TracerPid:\s+(\d+)/m.exec(readFileSync(`/proc/${host.leader()}/status`, "utf8"))?.[1];
  await waitUntil("the service manager is traced", () => tracer() === String(child.pid));
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await child.exited;
    },
  };
}

/** Arguments and environment of the processes in the host's namespace. */
function processesOf(host: SystemdHost): string[] {
  const namespace = (pid: string) => readlinkSync(`/proc/${pid}/ns/pid`);
  const own = namespace(String(host.leader()));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return namespace(pid) === own ? [processListing(Number(pid))] : [];
      } catch {
        // It has ended.
        return [];
      }
    });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}

/** Returns where the host still has the text: in files, or in its journal. */
export async function findOnHost(host: SystemdHost, value: string): Promise<string[]> {
  const files = await host.run(["grep", "-rlF", "--devices=skip", "-f", "-", ...FOLDERS], { stdin: value });
  const journal = await host.run(["journalctl", "--output=export", "--no-pager"]);
  return [
    ...files.stdout.split("\n").filter(Boolean),
    ...(journal.stdout.includes(value) ? ["the journal"] : []),
  ];
}

/** All folders but those of the kernel. */
const FOLDERS = ["/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/var"];
