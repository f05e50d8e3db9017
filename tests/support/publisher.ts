// The publisher of releases: keys, and signed releases of one program, made with the commands for publishers.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runServerCommand } from "../../harness/programs.ts";

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runServerCommand(["releases", ...args]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** `dataDir`: of the server, which trusts the publisher from then on. */
export async function openPublisher(folder: string, dataDir: string) {
  const at = (name: string) => join(folder, name);
  const [root, key] = [await run("new-key", at("root.pem")), await run("new-key", at("release.pem"))];
  await run("sign-keys", "--root", at("root.pem"), "--serial", "1", "--out", at("keys.json"), key);
  writeFileSync(at("roots.json"), JSON.stringify({ rootKeys: [root] }));
  await run("trust", "--data", dataDir, at("roots.json"));
  let counter = 0;
  return {
    /** Signs a release, and adds it to the server. `days`: until it expires. */
    async release(version: string, { days = 365 } = {}): Promise<void> {
      counter++;
      const dist = at(`dist-${counter}`);
      mkdirSync(dist);
      for (const target of ["linux-x64", "linux-arm64", "windows-x64"])
        writeFileSync(
          join(dist, `attacklens-sensor-${target}${target === "windows-x64" ? ".exe" : ""}`),
          `${target} ${version}`,
        );
      const keys = ["--key", at("release.pem"), "--keys", at("keys.json")];
      const about = ["--counter", String(counter), "--version", version, "--days", String(days)];
      await run("sign", ...keys, ...about, dist);
      await run("add", "--data", dataDir, dist);
    },
  };
}
