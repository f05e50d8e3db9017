// Looks for a token where it must not be: in the arguments and the environment of every process that a host
// starts, and afterwards in its journal and on its disk.
import { readFileSync } from "node:fs";
import { findOrInstall } from "../../harness/debian.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import type { SystemdHost } from "./systemd-host.ts";

export interface TokenSearch extends AsyncDisposable {
  /** Prefix of a command line whose processes are watched. */
  through: string[];
  /** The number of processes that were started, and the lines about those that had the token. */
  seen(): Promise<{ started: number; found: string[] }>;
}

/** Also watches what the host's service manager starts. */
export async function watchProcesses(
  host: SystemdHost,
  value: string,
  logFile: string,
): Promise<TokenSearch> {
  const strace = await findOrInstall("strace");
  // -v: with the environment. execve(2) gets all arguments, whatever a process does to its title later.
  const options = ["-f", "-qq", "-v", "-s", "65536", "-e", "trace=execve,execveat", "-e", "signal=none"];
  const attached = Bun.spawn([strace, ...options, "-o", `${logFile}.init`, "-p", String(host.leader())], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const tracerOf = () =>
    /^TracerPid:\s+(\d+)/m.exec(readFileSync(`/proc/${host.leader()}/status`, "utf8"))?.[1];
  await waitUntil("the service manager is traced", () => tracerOf() === String(attached.pid));
  const stop = async () => {
    attached.kill("SIGINT");
    await attached.exited;
  };
  return {
    through: [strace, ...options, "-o", `${logFile}.shell`],
    async seen() {
      await stop();
      const lines = [".init", ".shell"].flatMap((suffix) => readLines(logFile + suffix));
      return {
        started: lines.filter((line) => line.includes("execve")).length,
        found: lines.filter((line) => line.includes(value)),
      };
    },
    [Symbol.asyncDispose]: stop,
  };
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
