// Packages of Debian's that a test needs and this machine may not have.
import { existsSync } from "node:fs";
import { runCommand } from "./command.ts";

/** Installs it where we may: as root, with apt. False where we may not; throws with apt's words when it fails. */
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
