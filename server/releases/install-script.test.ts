// install.sh in three shells, as hosts run it: with the commands of the console, and cut off anywhere.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellInstallCommand } from "@attacklens/protocol/releases/install-command.ts";
import { quoteShell } from "@attacklens/protocol/releases/quote.ts";
import { runCommand } from "../../harness/command.ts";
import { findOrInstall } from "../../harness/debian.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import {
  CAN_INSTALL,
  expectRefusal,
  type Host,
  type InstallServer,
  openInstallServer,
  PAYLOAD,
  PROGRAM,
  runOnHost,
} from "../testing/install-host.ts";

const TOKEN = "the token of the tests";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
let server: InstallServer;
let shells: string[][] = [];

beforeAll(async () => {
  if (!CAN_INSTALL) return;
  shells = [[await findOrInstall("dash")], ["/bin/bash"], [await findOrInstall("busybox"), "ash"]];
  server = await openInstallServer();
}, 60_000);

afterAll(async () => await server?.[Symbol.asyncDispose]());

describe.skipIf(!CAN_INSTALL)("install.sh", () => {
  test("has no finding of shellcheck, and each shell can parse it", async () => {
    const shellcheck = await findOrInstall("shellcheck");
    const { code, stdout } = await runCommand([shellcheck, "--shell=sh", "-"], { stdin: server.script });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    for (const shell of shells)
      expect(await runCommand([...shell, "-n"], { stdin: server.script })).toEqual({
        code: 0,
        stdout: "",
        stderr: "",
      });
  });

  describe.each(["dash", "bash", "busybox"])("in %s", (name) => {
    const run = (host: Host) => {
      const shell = shells.find((words) => words[0]!.endsWith(name))!;
      return runOnHost(server, { shell, ...host });
    };

    test("the command of the console checks the CA and the hash, and installs", async () => {
      const options = "--token-file token.txt --wait 5";
      const outcome = await run({ command: shellInstallCommand(server.target, { options }), input: "" });
      expect(outcome.output).toContain("ca.pem: OK");
      expect(outcome).toMatchObject({ code: 0, input: "", environment: "" });
      expect(outcome.installed).toEqual([
        ...["install", "--server", server.loopback, "--ca-pin", server.target.caPin],
        ...["--token-file", "token.txt", "--wait", "5"],
      ]);
      expect(outcome.left).toEqual([]);
    });

    test.each(["wget", "apt"])(
      "the same command without curl, with %s, by a user without sudo",
      async (tool) => {
        const command = shellInstallCommand(server.target, { options: "--token-file t" });
        const programs: Record<string, string> = tool === "wget" ? { wget: Bun.which("wget")! } : {};
        const outcome = await run({ command, input: "", programs, without: ["curl", "sudo"] });
        expect(outcome.output).toContain("ca.pem: OK");
        expect(outcome.installed).toContain("--token-file");
        expect(outcome.code).toBe(0);
      },
    );

    test("the same command with a token on standard input", async () => {
      const command = shellInstallCommand(server.target, { options: "--token -" });
      const outcome = await run({ command, input: TOKEN });
      expect(outcome).toMatchObject({ code: 0, input: TOKEN });
    });

    test("another CA than the expected one stops everything", async () => {
      const caSha256 = server.target.caSha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
      const outcome = await run({ command: shellInstallCommand({ ...server.target, caSha256 }), input: "" });
      expect(outcome.output).toContain("curl: (22)");
      expect(outcome.installed).toBeUndefined();
      expect(outcome.code).not.toBe(0);
    });

    test("another pin than the server's stops before the download", async () => {
      const args = ["--server", server.loopback, "--ca-pin", `sha256:${"0".repeat(64)}`];
      const outcome = await run({ args });
      const { caPin } = server.target;
      expectRefusal(outcome, `the pin in the command is not the pin of this server (${caPin})`);
      expect(outcome.output).not.toContain("downloading");
    });

    test("the token comes from standard input or from the environment, and never from an argument", async () => {
      const args = ["--server", server.loopback];
      const byInput = await run({ args: [...args, "--token", "-"], input: TOKEN });
      expect(byInput).toMatchObject({ code: 0, input: TOKEN });
      const byEnvironment = await run({ args, environment: { ATTACKLENS_TOKEN: TOKEN } });
      expect(byEnvironment).toMatchObject({ code: 0, environment: "", input: `${TOKEN}\n` });
      const byArgument = await run({ args: [...args, "--token", TOKEN] });
      expectRefusal(byArgument, "--token shows the token to every user of this host");
      expect(byArgument.output).not.toContain(TOKEN);
      expectRefusal(await run({ args }), "no enrollment token was given");
    });

    test("a terminal is asked for the token, which it does not show", async () => {
      const terminal = await findOrInstall("script");
      const shell = shells.find((words) => words[0]!.endsWith(name))!;
      const inTerminal = `${shell.join(" ")} install.sh --server ${server.loopback}`;
      const command = `${terminal} --quiet --return --command '${inTerminal}' /dev/null`;
      const outcome = await run({ command, input: `${TOKEN}\n` });
      expect(outcome.output).toContain("Enrollment token");
      expect(outcome).toMatchObject({ code: 0, input: `${TOKEN}\n` });
      expect(outcome.installed?.slice(0, 3)).toEqual(["install", "--token", "-"]);
    });

    test("one changed byte of the program is found before it runs", async () => {
      const changed = PAYLOAD.replace("exit", "exiT");
      writeFileSync(server.storedProgram, changed);
      const outcome = await run({});
      writeFileSync(server.storedProgram, PAYLOAD);
      expectRefusal(outcome, `the SHA-256 of ${PROGRAM} is ${sha256(changed)}, not ${sha256(PAYLOAD)}`);
    });

    test("a script that was cut off anywhere does nothing", async () => {
      const text = server.script.trimEnd();
      const lines = text.split("\n");
      const cuts = lines.map((_, index) => lines.slice(0, index).join("\n"));
      const some = cuts.filter((_, index) => LONG_TESTS || index % (name === "dash" ? 5 : 40) === 0);
      const inLastLine = Array.from(lines.at(-1)!, (_, left) => text.slice(0, -1 - left));
      using folder = openTemporaryFolder("cut");
      for (const [index, cut] of [...some, ...inLastLine].entries())
        writeFileSync(join(folder.path, `${index}.sh`), cut);
      const [program, ...words] = shells.find((one) => one[0]!.endsWith(name))!;
      const runCut = `cut-off ${words.join(" ")} -s -- --server x <"$cut"`;
      const command = `for cut in ${folder.path}/*.sh; do ${runCut}; done 2>&1 | grep attacklens: ; true`;
      const programs = { "cut-off": `exec ${program} "$@"` };
      const outcome = await run({ command, input: "", programs });
      expect(outcome).toMatchObject({ code: 0, output: "", installed: undefined });
      // The whole script says something.
      const whole = command.replace("*.sh", "whole.sh");
      writeFileSync(join(folder.path, "whole.sh"), text);
      expect((await run({ command: whole, input: "", programs })).output).toContain(
        "x is not an https:// address",
      );
    });

    test("a value with quotation marks, a dollar sign or a line break stays a value", async () => {
      const shell = shells.find((words) => words[0]!.endsWith(name))!;
      for (const text of ["it's", '"$(id)"', "a\nb", "`id`", "\\", "'", "';id;'", "-n", ""]) {
        const { stdout } = await runCommand([...shell, "-c", `printf %s ${quoteShell(text)}`]);
        expect(stdout).toBe(text);
      }
    });
  });
});
