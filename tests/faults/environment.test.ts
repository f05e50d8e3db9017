// Neither the environment nor files in the working directory change which code the built programs run or
// which servers they trust. LD_* is not tested: the system's loader applies it before a program starts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { formatTokenValue } from "@attacklens/protocol/token-value.ts";
import { compile, programPath, SENSOR, SERVER } from "../../harness/build.ts";
import { chainOf, makeCa, makeLeaf } from "../../harness/certificates.ts";
import { type CommandResult, runCommand } from "../../harness/command.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";

const TOKEN = formatTokenValue(crypto.getRandomValues(new Uint8Array(32)));
const PASSWORD = "violet tractor swims 42";

const { path: folder, [Symbol.dispose]: deleteFolder } = openTemporaryFolder("environment");
/** A script that creates the file `mark` when it runs. */
let script: string;
let mark: string;
beforeAll(() => {
  script = join(folder, "injected.js");
  mark = join(folder, "it-ran");
  writeFileSync(
    script,
    `require("node:fs").writeFileSync(${JSON.stringify(mark)}, ""); console.log("injected");`,
  );
});
afterAll(deleteFolder);

/** Runs a program with only the given environment. */
function run(
  program: { name: string },
  args: string[],
  environment: Record<string, string> = {},
  options: { cwd?: string; stdin?: string } = {},
): Promise<CommandResult> {
  return runCommand([join(programPath(SENSOR), "..", program.name), ...args], {
    ...options,
    env: environment,
  });
}

let variables: string[] | undefined;
/** Returns every variable that the unlocked runtime might read. Searches its 100 MB only once. */
function runtimeVariables(): string[] {
  if (variables) return variables;
  const text = readFileSync(process.execPath, "latin1");
  const names = text.match(/(?:BUN|NODE|JSC)_[A-Za-z][A-Za-z0-9_]+/g) ?? [];
  const engine = (text.match(/(?<=\0JSC_)[a-z][A-Za-z0-9]+(?=\0)/g) ?? []).map((name) => `BUN_JSC_${name}`);
  const libraries = ["NODE_PG_FORCE_NATIVE", "BETTER_AUTH_SECRETS", "AUTH_SECRET"];
  variables = [...new Set([...names, ...engine, ...libraries])];
  return variables;
}

for (const program of [SERVER, SENSOR]) {
  describe(program.name, () => {
    test("does not contain the names of the variables that turn it into a JavaScript interpreter", () => {
      const bytes = readFileSync(programPath(program));
      for (const name of ["BUN_BE_BUN", "BUN_OPTIONS"])
        expect([name, bytes.includes(name)]).toEqual([name, false]);
    });

    test("BUN_BE_BUN and BUN_OPTIONS have no effect", async () => {
      const version = (await run(program, ["version"])).stdout;
      const attempts: [Record<string, string>, string[]][] = [
        [{ BUN_BE_BUN: "1" }, ["-e", `require(${JSON.stringify(script)})`]],
        [{ BUN_BE_BUN: "1" }, ["run", script]],
        [{ BUN_BE_BUN: "1" }, [script]],
        [{ BUN_BE_BUN: "1", BUN_OPTIONS: `--preload ${script}` }, ["version"]],
        [{ BUN_OPTIONS: `--preload ${script}` }, ["version"]],
        [{ BUN_OPTIONS: `--require=${script} --inspect` }, ["version"]],
        [{ BUN_OPTIONS: `-e 'require("${script}")'` }, ["version"]],
      ];
      for (const [environment, args] of attempts) {
        const { stdout, code } = await run(program, args, environment);
        expect(stdout).not.toContain("injected");
        expect(existsSync(mark)).toBe(false);
        if (args[0] === "version") expect({ stdout, code }).toEqual({ stdout: version, code: 0 });
      }
    });

    // The sensor's plain `version` reads no environment, so it names no variables.
    test("no other variable of the runtime changes which code runs", async () => {
      const names = runtimeVariables();
      expect(names).toContain("BUN_INSPECT_PRELOAD");
      expect(names).toContain("BUN_JSC_functionOverrides");
      const { stdout: version } = await run(program, ["version", "--json"]);
      const values = [
        ...["1", script, `--preload ${script}`],
        ...(LONG_TESTS ? ["", "0", `--require=${script}`, "curl", "http,tls", folder] : []),
      ];
      for (const value of values) {
        const environment = Object.fromEntries(names.map((name) => [name, value]));
        const { stdout, stderr, code } = await run(program, ["version", "--json"], environment);
        expect({ value, code, stdout }).toEqual({ value, code: 0, stdout: version });
        expect(stderr).toStartWith(`${program.name}: ignored `);
        expect(stderr.trimEnd().split("\n")).toHaveLength(1);
        expect(existsSync(mark)).toBe(false);
      }
    });

    test("prints which variables it ignores", async () => {
      const environment = { NODE_TLS_REJECT_UNAUTHORIZED: "0", BUN_OPTIONS: "x", SSL_CERT_DIR: "/nowhere" };
      expect((await run(program, ["version", "--json"], environment)).stderr).toBe(
        `${program.name}: ignored BUN_OPTIONS, NODE_TLS_REJECT_UNAUTHORIZED: the environment cannot weaken this program; unset them\n`,
      );
    });

    test("files in the working directory and other names of the program have no effect", async () => {
      const cwd = join(folder, `${program.name}-cwd`);
      mkdirSync(join(cwd, "node_modules", "zod"), { recursive: true });
      const preload = `preload = [${JSON.stringify(script)}]\n[run]\n${`preload = [${JSON.stringify(script)}]`}\n`;
      for (const name of ["bunfig.toml", ".bunfig.toml"]) writeFileSync(join(cwd, name), preload);
      for (const name of [".env", ".env.local", ".env.production"])
        writeFileSync(join(cwd, name), `BUN_INSPECT_PRELOAD=${script}\nATTACKLENS_STATE=/elsewhere\n`);
      writeFileSync(
        join(cwd, "tsconfig.json"),
        JSON.stringify({ compilerOptions: { paths: { "*": [script] } } }),
      );
      writeFileSync(join(cwd, "package.json"), JSON.stringify({ imports: { "#x": script }, main: script }));
      writeFileSync(join(cwd, "node_modules", "zod", "index.js"), readFileSync(script));
      const { stdout: version } = await run(program, ["version", "--json"]);
      const homes: Record<string, string>[] = [{}, { HOME: cwd, XDG_CONFIG_HOME: cwd, TMPDIR: cwd }];
      for (const environment of homes)
        expect(await run(program, ["version", "--json"], environment, { cwd })).toEqual({
          code: 0,
          stdout: version,
          stderr: "",
        });
      for (const name of ["bun", "bunx", "node"]) {
        symlinkSync(programPath(program), join(cwd, name));
        const { stdout } = await runCommand([join(cwd, name), "-e", `require(${JSON.stringify(script)})`], {
          env: {},
        });
        expect(stdout).not.toContain("injected");
      }
      expect(existsSync(mark)).toBe(false);
    });

    test("the program, not the runtime, parses all arguments", async () => {
      for (const args of [
        ["--preload", script],
        ["--inspect"],
        ["-e", "1"],
        [`--require=${script}`],
        ["run", script],
      ]) {
        const { stdout, code } = await run(program, args);
        expect(stdout).not.toContain("injected");
        expect(code).not.toBe(0);
      }
      expect(existsSync(mark)).toBe(false);
    });
  });
}

test("a file cannot replace functions in the locked runtime, but can in the unlocked one", async () => {
  const entry = join(folder, "probe.ts");
  writeFileSync(
    entry,
    "function work(n: number) { if (n > 99) return 5; for (const word of process.argv) n += word.length; return n > 0; }\nconsole.log(work(process.argv.length), work(7));\n",
  );
  const locked = join(folder, "probe");
  const probe = { name: "probe", product: "", description: "", entry, sources: [], flags: [] };
  await compile(probe, { path: locked, commit: "unknown" });
  const unlocked = join(folder, "probe-unlocked");
  await runCommand([process.execPath, "build", "--compile", "--minify", entry, `--outfile=${unlocked}`]);
  const body = /function \w+\(\w\)(\{if\(\w>99\).*?\})(?=console)/.exec(readFileSync(locked, "latin1"))?.[1];
  const overrides = join(folder, "overrides");
  writeFileSync(overrides, `override '${body}'\nwith '{console.log("injected");return 1}'\n`);
  const environment = { BUN_JSC_functionOverrides: overrides };
  expect((await runCommand([unlocked], { env: environment })).stdout).toContain("injected");
  expect((await runCommand([locked], { env: environment })).stdout).toBe("true true\n");
});

describe("a server with an untrusted certificate", () => {
  let server: Server;
  let url: string;
  let roots: string;
  const received: string[] = [];
  beforeAll(async () => {
    const ca = await makeCa("untrusted");
    roots = join(folder, "untrusted.pem");
    writeFileSync(roots, ca.certificate);
    server = createServer(chainOf(await makeLeaf(ca), ca), (request, response) => {
      received.push(`${request.method} ${request.url}`);
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const weakening = () => ({
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: roots,
    NODE_USE_SYSTEM_CA: "0",
    BUN_OPTIONS: "--use-openssl-ca",
    NODE_OPTIONS: `--use-openssl-ca --require ${script}`,
    BUN_CONFIG_VERBOSE_FETCH: "curl",
  });

  test("receives nothing from the sensor, not even the token", async () => {
    const state = join(folder, "state");
    const connection = ["--server", url, "--token", "-"];
    for (const args of [
      ["enroll", ...connection, "--wait", "0", "--state", state],
      ["check", ...connection],
    ]) {
      const { code, stdout, stderr } = await run(SENSOR, args, weakening(), { stdin: TOKEN });
      expect(code).toBe(10);
      expect(stderr).toContain("attacklens-sensor: ignored BUN_CONFIG_VERBOSE_FETCH, ");
      expect(stderr).toContain("attacklens-sensor: ignored NODE_EXTRA_CA_CERTS: ");
      expect(stdout + stderr).not.toContain(TOKEN.slice(8, -6));
    }
    expect(received).toEqual([]);
  });

  test("receives no password and no API key from the server's commands", async () => {
    const key = join(folder, "key");
    writeFileSync(key, "atl_key_x");
    for (const args of [
      ["token", "list", "--server", url, "--sign-in", "ada@example.com"],
      ["token", "list", "--server", url, "--api-key-file", key],
    ]) {
      const { code, stdout, stderr } = await run(SERVER, args, weakening(), { stdin: `${PASSWORD}\n` });
      expect(code).not.toBe(0);
      expect(stderr).toContain("attacklens: ignored BUN_CONFIG_VERBOSE_FETCH, ");
      expect(stderr).toContain("attacklens: ignored NODE_EXTRA_CA_CERTS: ");
      expect(stderr).toContain(`Cannot reach ${url}`);
      expect(stdout + stderr).not.toContain(PASSWORD);
    }
    expect(received).toEqual([]);
  });

  test("is trusted if its root is passed explicitly", async () => {
    const { stderr } = await run(
      SERVER,
      ["token", "list", "--server", url, "--sign-in", "ada@example.com", "--ca", roots],
      {},
      { stdin: `${PASSWORD}\n` },
    );
    expect(stderr).not.toContain("Cannot reach");
    expect(received).not.toEqual([]);
  });
});
