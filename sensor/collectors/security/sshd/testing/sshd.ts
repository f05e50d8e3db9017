// The real sshd, as an oracle of the parser: the one of this machine, or of a Debian release.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../../../../harness/command.ts";
import { installPackage } from "../../../../../harness/debian.ts";

const PROGRAM = "/usr/sbin/sshd";

export interface TestSshd {
  /** The folder that is its root: "/" or a tree of another release. */
  root: string;
  /** Runs it with files below its root. Only tests a configuration, and never listens. */
  run(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/**
 * The sshd of this machine. Undefined if there is none, and none can be installed without starting it, or if
 * this user cannot run it.
 */
export async function findSshd(): Promise<TestSshd | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  // Where systemd runs, the package starts a server.
  if (!existsSync(PROGRAM) && !existsSync("/run/systemd/system")) await installPackage("openssh-server");
  return existsSync(PROGRAM) ? openSshd("/") : undefined;
}

export function openSshd(root: string): TestSshd {
  // sshd needs it even for a test. It is below /run, which is empty after a start.
  mkdirSync(join(root, "run/sshd"), { recursive: true });
  return {
    root,
    run: (args) => runCommand(["chroot", root, PROGRAM, ...args]),
  };
}
