// The real sshd, as an oracle of the parser: the one of this machine, or of a Debian release.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../../../../harness/command.ts";
import { installPackages } from "../../../../../harness/debian.ts";
import { type DebianRelease, findDebianTree } from "../../../../../harness/debian-tree.ts";

const PROGRAM = "/usr/sbin/sshd";

export interface TestSshd extends AsyncDisposable {
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
  if (!existsSync(PROGRAM) && !existsSync("/run/systemd/system")) await installPackages(["openssh-server"]);
  return existsSync(PROGRAM) ? openSshd("/", async () => {}) : undefined;
}

/** Installs sshd in a layer above the release's tree. Disposing removes the layer. */
export async function openReleaseSshd(release: DebianRelease): Promise<TestSshd> {
  const tree = await findDebianTree(release);
  // Not in a folder that is a layer itself: an overlay cannot be the upper layer of another.
  const layers = mkdtempSync("/dev/shm/attacklens-sshd-");
  const [upper, work, root] = ["upper", "work", "root"].map((name) => join(layers, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [upper, work, root]) mkdirSync(folder);
  const options = `lowerdir=${tree},upperdir=${upper},workdir=${work}`;
  await succeed(["mount", "-t", "overlay", "overlay", "-o", options, root]);
  const close = async () => {
    await succeed(["umount", root]);
    rmSync(layers, { recursive: true });
  };
  try {
    // No server of the package starts.
    writeFileSync(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    const install = "apt-get update -q && apt-get install -q -y --no-install-recommends openssh-server";
    await succeed(["chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", install]);
  } catch (error) {
    await close();
    throw error;
  }
  return openSshd(root, close);
}

function openSshd(root: string, close: () => Promise<void>): TestSshd {
  // sshd needs it even for a test. It is below /run, which is empty after a start.
  mkdirSync(join(root, "run/sshd"), { recursive: true });
  return {
    root,
    run: (args) => runCommand(["chroot", root, PROGRAM, ...args]),
    [Symbol.asyncDispose]: close,
  };
}

async function succeed(command: string[]): Promise<void> {
  const { code, stdout, stderr } = await runCommand(command);
  if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${`${stdout}${stderr}`.slice(-2_000)}`);
}
