import { expect, test } from "bun:test";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { runCommandLine, TOKEN, USAGE_HINT } from "./testing/test-command.ts";

test("without a command, prints a hint to the help", async () => {
  expect(await runCommandLine([])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: `attacklens-sensor: no command given\n${USAGE_HINT}`,
  });
});

test("rejects an unknown command and escapes its name", async () => {
  for (const [command, shown] of [
    ["enrol", '"enrol"'],
    ["", '""'],
    ["a\n\u001b[31mb", '"a\\n\\u001b[31mb"'],
    [TOKEN, '"atl_enr_[redacted]"'],
  ] as const) {
    expect(await runCommandLine([command])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `attacklens-sensor: unknown command ${shown}\n${USAGE_HINT}`,
    });
  }
});

test("rejects unknown options and arguments", async () => {
  for (const [args, reason] of [
    [["enroll", "--sever", "x"], "Unknown option '--sever'"],
    [["run", "--once=yes"], "Option '--once' does not take an argument"],
    [["status", "file.json"], "Unexpected argument 'file.json'"],
    [["collect", "--jsno"], "Unknown option '--jsno'"],
    [["enroll", "--server", "https://a.example", TOKEN], "Unexpected argument 'atl_enr_[redacted]'"],
    [["enroll", "--token"], "Option '--token <value>' argument missing"],
  ] as const) {
    expect(await runCommandLine([...args])).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `attacklens-sensor: ${reason}\n${USAGE_HINT}`,
    });
  }
});

test("prints help and version on standard output", async () => {
  const help = await runCommandLine(["help"]);
  expect(help).toMatchObject({ exitCode: 0, stderr: "" });
  expect(help.stdout).toStartWith("Usage:\n  attacklens-sensor enroll --server URL");
  expect(await runCommandLine(["--help"])).toEqual(help);
  expect(await runCommandLine(["-h"])).toEqual(help);
  expect(await runCommandLine(["enroll", "--server", "https://a.example", "--help"])).toEqual(help);

  const version = { exitCode: 0, stdout: `attacklens-sensor ${RELEASE}\n`, stderr: "" };
  expect(await runCommandLine(["version"])).toEqual(version);
  expect(await runCommandLine(["--version"])).toEqual(version);
});

test("lists every exit code in the help", async () => {
  const { stdout } = await runCommandLine(["help"]);
  for (const code of [0, 1, 2, 3, 4, 5, 6]) expect(stdout).toMatch(new RegExp(`(^| )  ${code}  \\w`, "m"));
});
