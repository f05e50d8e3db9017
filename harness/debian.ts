// Installs Debian packages that a test needs.
import { existsSync } from "node:fs";
import { runCommand } from "./command.ts";

/** Installs a package. Returns false without root or apt. Throws with apt's output if apt fails. */
export async function installPackage(name: string): Promise<boolean> {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-q"],
    ["install", "-q", "-y", "--no-install-recommends", name],
  ]) {
    const { code, stdout, stderr } = await runCommand(["apt-get", ...args], { env });
    if (code !== 0) throw new Error(`apt-get ${args.join(" ")} failed:\n${stdout}${stderr}`);
  }
  return true;
}

/** Returns the path of a program. Installs its package if necessary. Throws if that is not possible. */
export async function findOrInstall(program: string, packageName = program): Promise<string> {
  const path = findProgram(program) ?? ((await installPackage(packageName)) && findProgram(program));
  if (path) return path;
  throw new Error(`${program} is not installed\nhint: install it, e.g. apt-get install ${packageName}`);
}

/** On Debian, only root has /usr/sbin in PATH. */
function findProgram(name: string): string | undefined {
  const path = `/usr/sbin/${name}`;
  return Bun.which(name) ?? (existsSync(path) ? path : undefined);
}
