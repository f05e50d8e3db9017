// Runs programs with a wrong clock, with the library of faketime.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findOrInstall } from "../../harness/debian.ts";

/**
 * Returns the environment variables that shift the clock of a program, e.g. by -2 days. Throws without
 * libfaketime.
 */
export async function clockOffBy(days: number): Promise<Record<string, string>> {
  await findOrInstall("faketime");
  const library = find();
  if (library) return { LD_PRELOAD: library, FAKETIME: `${days > 0 ? "+" : ""}${days}d` };
  throw new Error("Cannot test with a wrong clock: faketime has no libfaketime.so.1 in /usr/lib");
}

/** `/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1` */
function find(): string | undefined {
  const folders = ["", ...readdirSync("/usr/lib")].map((name) => join("/usr/lib", name, "faketime"));
  return folders.map((folder) => join(folder, "libfaketime.so.1")).find((path) => existsSync(path));
}
