// The errors of install and uninstall, from the table of problems.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { SERVICE_PROBLEMS, type ServiceProblemName } from "@attacklens/protocol/service-problems.ts";
import { SensorError } from "../sensor-error.ts";
import { systemReason } from "../system-reason.ts";

/** `detail`: the path, or the message of a tool. */
export function serviceProblem(
  name: ServiceProblemName,
  detail?: string,
  { action = "install", cause }: { action?: "install" | "uninstall"; cause?: unknown } = {},
): SensorError {
  const { state, fix } = SERVICE_PROBLEMS[name];
  const where = detail === undefined ? "" : ` (${detail})`;
  return new SensorError("service", `Cannot ${action} the service: ${state}${where}`, fix, { cause });
}

const BY_ERRNO: Record<string, ServiceProblemName> = {
  EROFS: "read-only",
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EACCES: "not-permitted",
  EPERM: "not-permitted",
};

/** Runs work on files. Throws SensorError in place of the system's errors. */
export async function onFiles<T>(
  path: string,
  work: () => T | Promise<T>,
  action: "install" | "uninstall" = "install",
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const errno = errnoCode(error);
    // Errors of others keep their exit code.
    if (error instanceof SensorError || errno === undefined) throw error;
    const isWindows = process.platform === "win32";
    const name = isWindows && /^(EPERM|EACCES)$/.test(errno) ? "not-root" : BY_ERRNO[errno];
    if (name) throw serviceProblem(name, path, { action, cause: error });
    const text = `Cannot ${action} the service: ${path}: ${systemReason(error)}`;
    throw new SensorError("service", text, "correct this and repeat the command", { cause: error });
  }
}
