// The releases of a server, which trusts a publisher of the test: signed, and added with the command.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runServerCommand } from "../../harness/programs.ts";
import { hostTarget, makePublisher } from "../../harness/publisher.ts";
import type { Installation } from "./installation.ts";

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await runServerCommand(["releases", ...args]);
  if (code !== 0) throw new Error(stderr);
}

export async function openServerReleases({ folder }: Installation) {
  const publisher = makePublisher();
  const dataDir = join(folder, "server");
  const roots = join(folder, "roots.json");
  writeFileSync(roots, JSON.stringify({ rootKeys: publisher.rootKeys }));
  await run("trust", "--data", dataDir, roots);
  let counter = 0;
  return {
    rootKeys: publisher.rootKeys,
    /** Signs a release of the sensor and adds it. Without a program, its file is only text. */
    async add(version: string, path?: string): Promise<void> {
      const dist = join(folder, `dist-${++counter}`);
      mkdirSync(dist);
      const program = join(dist, `attacklens-sensor-${hostTarget()}`);
      if (path === undefined) writeFileSync(program, `release ${version}`);
      else copyFileSync(path, program);
      const signed = publisher.sign({ version, counter, program });
      writeFileSync(join(dist, "manifest.json"), JSON.stringify(signed));
      await run("add", "--data", dataDir, dist);
    },
  };
}
