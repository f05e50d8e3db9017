// What is installed on this host.
import { realpathSync } from "node:fs";
import { type InstalledPaths, LINUX, MACOS, windowsPaths } from "@attacklens/protocol/installed-paths.ts";
import { windowsFolders } from "../settings.ts";
import { serviceProblem } from "./service-problems.ts";
import { runTool } from "./system-tool.ts";

/** The paths on this host. */
export function installedPaths(): InstalledPaths {
  if (process.platform === "darwin") return MACOS;
  if (process.platform !== "win32") return LINUX;
  const { programFiles, programData } = windowsFolders();
  return windowsPaths(programFiles, programData);
}

/** Throws SensorError for a user without the rights. Windows refuses the first write instead. */
export function requireRoot(action: "install" | "uninstall"): void {
  if (process.platform !== "win32" && process.getuid?.() !== 0)
    throw serviceProblem("not-root", undefined, { action });
}

/** The path of the running program. Throws SensorError if it runs from its sources. */
export function requireBuiltProgram(): string {
  const isBuilt = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(Bun.main);
  if (!isBuilt) throw serviceProblem("not-built");
  return realpathSync(process.execPath);
}

/** Throws SensorError unless the host can run the program at the path. */
export async function requireRunnable(program: string): Promise<void> {
  const { code, reason, errno } = await runTool([program, "version"]);
  if (code === 0) return;
  if (errno === "EACCES" || errno === "EPERM") throw serviceProblem("noexec", program);
  throw serviceProblem("wrong-program", `${program}: ${reason || `exit code ${code}`}`);
}
