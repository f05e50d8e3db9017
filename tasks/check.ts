// npm run check: checks types, lint and format, unused code, and the rules of our style in under 20 s.
import { join } from "node:path";
import { runCommand } from "../harness/command.ts";
import { progress, ROOT, runTask } from "../harness/terminal.ts";
import { addCounts, type Counts, NO_TESTS, runBunTest } from "./bun-test.ts";

interface Tool {
  name: string;
  /** Absent: Node. */
  program?: string;
  command: string[];
}

const TOOLS: Tool[] = [
  {
    name: "types",
    command: [
      "typescript/bin/tsc",
      "--noEmit",
      // Each further checker of the compiler repeats most of the work of the first one.
      "--singleThreaded",
      "--incremental",
      "--tsBuildInfoFile",
      ".cache/types.tsbuildinfo",
    ],
  },
  { name: "lint and format", command: ["@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."] },
  // In Bun, it takes two thirds of the CPU.
  { name: "unused code", program: process.execPath, command: ["knip/bin/knip.js", "--no-progress"] },
];

/** All checks except the rule tests. They run concurrently, and each counts as one test. */
export async function runTools(): Promise<Counts> {
  return addCounts(await Promise.all(TOOLS.map(runTool)));
}

export async function check(): Promise<Counts> {
  const tools = runTools();
  const rules = await runBunTest({ paths: ["tests/rules"] });
  return addCounts([await tools, rules]);
}

async function runTool({ name, program = "node", command: [script, ...args] }: Tool): Promise<Counts> {
  const started = performance.now();
  const { code, stdout, stderr } = await runCommand(
    [program, join(ROOT, "node_modules", script as string), ...args],
    // The compiler is a Go program. It does not collect garbage, which saves a third of its CPU.
    { cwd: ROOT, env: { ...process.env, GOGC: "off", GOMEMLIMIT: "2GiB" } },
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  progress(`${name}: ${code === 0 ? "passed" : "failed"} in ${seconds} s`);
  if (code !== 0) console.error(`${stdout}${stderr}`.trimEnd());
  if (code === 0) return { ...NO_TESTS, passed: 1 };
  const failures = [{ name, message: `${stdout}${stderr}`.trimEnd() }];
  return { ...NO_TESTS, failed: 1, failures };
}

if (import.meta.main) {
  await runTask("check", async () => {
    const { passed, failed } = await check();
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  });
}
