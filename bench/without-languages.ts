// Runs commands on this host as if no programming language had packages on it: fusioninventory-agent does not
// look for them. Their folders are empty in a mount namespace, and a process namespace has no other program
// that could bring some. Needs root.
import { existsSync } from "node:fs";
import { TaskError } from "../harness/terminal.ts";
import { childrenOf } from "./process-tree.ts";

const FOLDERS = [
  ...["/usr/lib/node_modules", "/usr/local/lib/node_modules", "/usr/share/nodejs", "/usr/lib/python3"],
  ...[
    "/usr/local/lib",
    "/var/lib/gems",
    "/usr/lib/ruby",
    "/usr/share/rubygems-integration",
    "/usr/share/java",
  ],
  ...["/usr/local/bin", "/usr/local/sbin", "/root/go", "/root/.cargo", "/opt", "/srv"],
];
const READY = "ready";

export interface QuietHost extends AsyncDisposable {
  /** The command line that runs a command there. */
  wrap(command: readonly string[]): string[];
}

/** Throws TaskError for other users than root. */
export async function openHostWithoutLanguages(): Promise<QuietHost> {
  if (process.getuid?.() !== 0) throw new TaskError("Cannot hide the packages of languages: run it as root");
  const hide = FOLDERS.filter((folder) => existsSync(folder)).map(
    (folder) => `mount -t tmpfs -o size=4k none ${folder}`,
  );
  const script = [...hide, `echo ${READY}`, "exec sleep infinity"].join(" && ");
  const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const keeper = Bun.spawn([...namespaces, "sh", "-c", script], { stdout: "pipe", stderr: "inherit" });
  const { value } = await keeper.stdout.getReader().read();
  if (!value || new TextDecoder().decode(value).trim() !== READY)
    throw new TaskError("Cannot hide the packages of languages");
  return {
    wrap: (command) => ["nsenter", `--target=${firstProcessOf(keeper.pid)}`, "--mount", "--pid", ...command],
    async [Symbol.asyncDispose]() {
      keeper.kill("SIGKILL");
      await keeper.exited;
    },
  };
}

/** The first process of the namespaces is the child of unshare. */
function firstProcessOf(keeper: number): number {
  const [child] = childrenOf(keeper);
  if (child === undefined) throw new TaskError("Cannot hide the packages of languages: unshare has ended");
  return child;
}
