// The built sensor on this host, with a separate state folder for each installation.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { createEnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import type { CommandResult } from "../../harness/command.ts";
import { runSensor } from "../../harness/programs.ts";
import type { Installation, User } from "./installation.ts";
import { onSmallHost } from "./small-host.ts";

/** Creates a token for all assets through the API. */
export async function createToken(user: User, name: string): Promise<{ id: string; value: string }> {
  const body = { name, scope: { type: "all-assets" as const }, expiresAt: null };
  const { enrollmentToken, value } = await user.call(createEnrollmentToken, { body });
  return { id: enrollmentToken.id, value };
}

/**
 * Runs `attacklens-sensor enroll` with the value on standard input. The caller checks the result. `host`: the
 * arguments that select the host; none: this machine.
 */
export async function enrollSensor(
  installation: Installation,
  value: string,
  name = "sensor",
  host = onSmallHost(installation.folder),
) {
  const stateDir = join(installation.folder, name);
  const args = ["enroll", "--server", installation.server.url, "--token", "-", "--state", stateDir];
  return { stateDir, ...(await runSensor([...args, ...host], { stdin: value })) };
}

/** Runs one cycle of the sensor on the small host beside its folder. The caller checks the result. */
export function reportOnce(stateDir: string, environment?: Record<string, string>): Promise<CommandResult> {
  return runSensor(["run", "--once", "--state", stateDir, ...onSmallHost(dirname(stateDir))], {
    environment,
  });
}

/** The files below a folder that contain the text. */
export function filesHolding(folder: string, text: string): string[] {
  const needle = Buffer.from(text);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(needle));
}

/** The arguments and the environment of a process, as other users see them. Empty without /proc. */
export function processListing(pid: number): string {
  return ["cmdline", "environ"]
    .map((name) => `/proc/${pid}/${name}`)
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("\0");
}
