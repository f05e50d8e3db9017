// SELinux lets systemd run programs of the type bin_t only. Files below /var/lib have another type.
import { existsSync } from "node:fs";
import { runTool } from "./system-tool.ts";

/**
 * Gives the program the type, until the file system is relabeled. Without success, the start of the service
 * fails, and its error has the commands for a lasting rule.
 */
export async function labelProgram(program: string): Promise<void> {
  if (existsSync("/sys/fs/selinux/enforce")) await runTool(["chcon", "-t", "bin_t", program]);
}
