import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { tokenValueError } from "@attacklens/protocol/token-value.ts";
import { runCommand } from "../../harness/command.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

const ROOT = join(import.meta.dir, "../..");

test("npm run demo -- --exit prints the report of the sensor, and works twice with the same folder", async () => {
  using temporary = openTemporaryFolder("demo-test");
  const folder = temporary.path;
  const first = await demo(folder);
  expect(first).toMatchObject({ hostname: hostname(), sensorId: expect.stringMatching(/^sen_/) });
  expect(first.tokenId).toMatch(/^tok_/);
  for (const count of [first.packages, first.users, first.elapsedMs]) expect(count).toBeGreaterThan(0);
  expect(await demo(folder)).toMatchObject({ url: first.url, sensorId: first.sensorId });
  expect(tokenValuesBelow(folder)).toEqual([]);
});

async function demo(folder: string) {
  const command = ["node", join(ROOT, "tasks/run.mjs"), "demo", "--exit", "--data", folder];
  const { code, stdout, stderr } = await runCommand(command);
  if (code !== 0) throw new Error(stdout + stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) as string);
}

/** Returns the files that contain any token value. */
function tokenValuesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .filter((path) => {
      const values = readFileSync(path, "latin1").match(/atl_enr_[0-9A-Za-z]{49}/g) ?? [];
      return values.some((value) => tokenValueError(value) === undefined);
    });
}
