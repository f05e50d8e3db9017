// The tables in the documents are those of the program.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_HEAD, exitRows } from "@attacklens/protocol/deploy-guides/troubleshooting.ts";
import { listExits } from "@attacklens/protocol/sensor-exits.ts";
import { SERVICE_PROBLEMS, serviceProblemsTable } from "@attacklens/protocol/service-problems.ts";
import { onFiles } from "./service-problems.ts";

/** The tables of a document that have this header. */
function tablesOf(document: string, header: string): string[] {
  const text = readFileSync(join(import.meta.dir, "../../docs", document), "utf8");
  return text.split("\n\n").filter((block) => block.startsWith(`${header}\n`));
}

test("docs/operate.md has the table of the problems", () => {
  expect(tablesOf("operate.md", "| Message | Cause | Next step |")).toEqual([serviceProblemsTable()]);
});

test("docs/sensors.md has the table of the exit codes", () => {
  const rows = listExits().map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  const table = ["| Exit code | Meaning |", "|---|---|", ...rows].join("\n");
  expect(tablesOf("sensors.md", "| Exit code | Meaning |")).toEqual([table]);
  expect(new Set(listExits().map(({ code }) => code)).size).toBe(listExits().length);
});

test("docs/operate.md says what each exit code means, and what to do", () => {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(EXIT_HEAD), "|---|---|---|", ...exitRows().map(line)].join("\n");
  expect(tablesOf("operate.md", line(EXIT_HEAD))).toEqual([table]);
});

test("each problem has a next step", () => {
  for (const { state, cause, fix } of Object.values(SERVICE_PROBLEMS)) {
    expect(state).toMatch(/^[a-zS].+[^.]$/);
    expect(cause).toMatch(/^[A-Z].+\.$/);
    expect(fix).toMatch(/^[a-z].+[^.]$/);
  }
});

test("an error of the system becomes a sentence with the path", async () => {
  for (const [code, state] of [
    ["EROFS", "the file system is read-only"],
    ["ENOSPC", "no space is left on the device"],
    ["EDQUOT", "no space is left on the device"],
    ["EPERM", "the system does not permit it"],
  ] as const) {
    const fail = () => {
      throw Object.assign(new Error(code), { code });
    };
    await expect(onFiles("/x", fail)).rejects.toMatchObject({
      exit: "service",
      message: `Cannot install the service: ${state} (/x)`,
      hint: expect.any(String),
    });
  }
  // A mistake of ours stays one.
  await expect(onFiles("/x", () => Promise.reject(new TypeError("x")))).rejects.toBeInstanceOf(TypeError);
});
