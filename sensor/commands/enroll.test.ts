// `enroll` as users and scripts see it: exit code, standard output, standard error, and files.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  COMMANDS_TIMEOUT_MS,
  type CommandOptions,
  filesHoldingToken,
  makeFolder,
  makePipe,
  runCommandLine,
  startCommand,
  TOKEN,
} from "../testing/test-command.ts";
import { addressOfNoServer, problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

let server: Awaited<ReturnType<typeof startTestServer>>;
let folder: ReturnType<typeof makeFolder>;
let state: string;

beforeEach(async () => {
  server = await startTestServer();
  folder = makeFolder();
  state = join(folder.path, "state");
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  if (existsSync(state)) expect(filesHoldingToken(state)).toEqual([]);
  folder[Symbol.dispose]();
});

const enroll = (args: string[], options?: CommandOptions) =>
  runCommandLine(["enroll", "--server", server.url, "--state", state, ...args], options);
const identityFile = () => join(state, "identity.json");
const readIdentityFile = () => JSON.parse(readFileSync(identityFile(), "utf8"));
const HOW =
  "--token-file FILE, --token - for standard input, the environment variable ATTACKLENS_TOKEN, or the systemd credential attacklens-token";
const ENROLLED = {
  exitCode: 0,
  stdout: `enrolled ${hostname()} as ${SENSOR_ID}\nnext: attacklens-sensor run\n`,
  stderr: "",
};

function writeToken(content: string | Uint8Array = `${TOKEN}\n`, mode = 0o600): string {
  const path = join(folder.path, "token.txt");
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function nothingHappened() {
  expect(server.received).toEqual([]);
  expect(existsSync(state)).toBe(false);
}

describe("sends nothing and creates no key", () => {
  afterEach(nothingHappened);

  test("without a server", async () => {
    expect(await runCommandLine(["enroll", "--state", state, "--token", "-"], { stdin: TOKEN })).toEqual({
      exitCode: 2,
      stdout: "",
      stderr:
        "attacklens-sensor: Cannot enroll sensor: no server was given\nhint: add --server https://attacklens.example.com\n",
    });
  });

  test("without a token", async () => {
    const expected = {
      exitCode: 2,
      stdout: "",
      stderr: `attacklens-sensor: Cannot enroll sensor: no token was given\nhint: use ${HOW}\n`,
    };
    expect(await enroll([])).toEqual(expected);
    expect(await enroll([], { environment: { ATTACKLENS_TOKEN: "" } })).toEqual(expected);
  });

  test("with more than one token", async () => {
    const expected = {
      exitCode: 2,
      stdout: "",
      stderr: `attacklens-sensor: Cannot enroll sensor: more than one token was given\nhint: give one token with ${HOW}\n`,
    };
    const environment = { ATTACKLENS_TOKEN: TOKEN };
    expect(await enroll(["--token", "-", "--token-file", writeToken()], { stdin: TOKEN })).toEqual(expected);
    expect(await enroll(["--token", "-"], { stdin: TOKEN, environment })).toEqual(expected);
    expect(await enroll(["--token-file", writeToken()], { environment })).toEqual(expected);
    const credentials = { CREDENTIALS_DIRECTORY: folder.path };
    renameSync(writeToken(), join(folder.path, "attacklens-token"));
    expect(await enroll(["--token", "-"], { stdin: TOKEN, environment: credentials })).toEqual(expected);
  });

  test("over plain HTTP to another machine", async () => {
    const args = ["enroll", "--server", "http://attacklens.example.com:8080", "--state", state];
    expect(await runCommandLine(args, { environment: { ATTACKLENS_TOKEN: TOKEN } })).toEqual({
      exitCode: 2,
      stdout: "",
      stderr:
        "attacklens-sensor: Cannot use the server http://attacklens.example.com:8080: plain HTTP would expose the token on the network\n" +
        "hint: use https://attacklens.example.com:8080\n",
    });
  });

  test("with a token in place of the server", async () => {
    const { exitCode, stderr } = await runCommandLine(["enroll", "--server", TOKEN, "--token", "-"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Cannot use the server "atl_enr_[redacted]"');
  });

  test("with a token that is mistyped, cut short, extended, empty or in another format", async () => {
    const last = TOKEN.at(-1) === "0" ? "1" : "0";
    for (const [token, reason] of [
      [TOKEN.slice(0, -1) + last, "has a typing error: its checksum does not match"],
      [TOKEN.slice(0, 30), "has 30 of 57 characters: it was cut short"],
      [`${TOKEN}0`, "has 58 of 57 characters: it was extended"],
      [`${TOKEN}\n${TOKEN}`, "has 115 of 57 characters: it was extended"],
      [TOKEN.replace("atl_enr_", "atl-enr-"), "does not begin with atl_enr_"],
      [`${TOKEN.slice(0, 20)}-${TOKEN.slice(21)}`, "contains a character that no token has"],
      ["", "is empty"],
      [" \r\n", "is empty"],
    ] as const) {
      const expected = {
        exitCode: 3,
        stdout: "",
        stderr:
          `attacklens-sensor: Cannot enroll sensor: the token ${reason}; nothing was sent\n` +
          "hint: copy the complete token again\n",
      };
      expect(await enroll(["--token", "-"], { stdin: token })).toEqual(expected);
      const file = writeToken(token);
      const subject = token.trim() === "" ? `the token file ${file} ` : "the token ";
      const stderr = expected.stderr.replace("the token ", subject);
      expect(await enroll(["--token-file", file])).toEqual({ ...expected, stderr });
    }
  });

  test("with a token file that is missing, a folder, a FIFO or too large", async () => {
    const missing = join(folder.path, "missing.txt");
    const pipe = join(folder.path, "pipe");
    makePipe(pipe);
    for (const [path, why] of [
      [missing, "it does not exist"],
      [join(folder.path, "no-folder", "token"), "it does not exist"],
      [join(writeToken(), "token"), "part of the path is not a folder"],
      [folder.path, "it is a folder"],
      [pipe, "it is not a regular file"],
      ["/dev/null", "it is not a regular file"],
      [writeToken("x".repeat(4_097)), "it has more than 4096 bytes"],
    ] as const) {
      expect(await enroll(["--token-file", path])).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `attacklens-sensor: Cannot read the token file ${path}: ${why}\n`,
      });
    }
  });

  test("with the token in place of its file name", async () => {
    const { exitCode, stderr } = await enroll(["--token-file", TOKEN]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Cannot read the token file atl_enr_[redacted]: it does not exist");
  });

  test("with a time to wait that is not whole seconds", async () => {
    for (const wait of ["soon", "1.5", "", "-0", "9999999"]) {
      expect(await enroll([`--wait=${wait}`, "--token", "-"], { stdin: TOKEN })).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `attacklens-sensor: Cannot use --wait "${wait}": enter whole seconds, e.g. --wait 300\n`,
      });
    }
  });
});

describe("a token enrolls the sensor", () => {
  afterEach(() => {
    const [first, ...asked] = server.received;
    expect(first).toMatchObject({ token: TOKEN, signatureError: undefined });
    expect(asked.map(({ path, token }) => ({ path, token }))).toEqual(
      asked.map(() => ({ path: "/sensor/v1/confirm", token: undefined })),
    );
    expect(readIdentityFile()).toMatchObject({ state: "enrolled", server: server.url, sensorId: SENSOR_ID });
    expect(statSync(identityFile()).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(readdirSync(state)).toEqual(["identity.json"]);
  });

  test("from a file", async () => {
    expect(await enroll(["--token-file", writeToken()])).toEqual(ENROLLED);
  });

  test("from a file of PowerShell or an editor, with its encoding and its mark", async () => {
    const text = `${TOKEN}\r\n`;
    const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
    const files = [`\ufeff${text}`, utf16, Buffer.from(text, "utf16le"), Buffer.from(utf16).swap16()];
    for (const content of files) {
      expect(await enroll(["--token-file", writeToken(content), "--replace"])).toMatchObject({ exitCode: 0 });
      expect(await enroll(["--token", "-", "--replace"], { stdin: content })).toMatchObject({ exitCode: 0 });
    }
  });

  test("from a file that other users can read, with a warning", async () => {
    const path = writeToken(undefined, 0o644);
    expect(await enroll(["--token-file", path])).toEqual({
      ...ENROLLED,
      stderr: `attacklens-sensor: other users can read ${path}; protect the token with chmod 600\n`,
    });
  });

  test("from standard input, with white space around it", async () => {
    expect(await enroll(["--token", "-"], { stdin: `\ufeff  ${TOKEN}\r\n` })).toEqual(ENROLLED);
  });

  test("from a credential of systemd", async () => {
    const environment = { CREDENTIALS_DIRECTORY: folder.path };
    renameSync(writeToken(), join(folder.path, "attacklens-token"));
    expect(await enroll([], { environment })).toEqual(ENROLLED);
  });

  test("from another source, if systemd has credentials for something else", async () => {
    const environment = { CREDENTIALS_DIRECTORY: folder.path };
    expect(await enroll(["--token-file", writeToken()], { environment })).toEqual(ENROLLED);
  });

  test("from the environment", async () => {
    expect(await enroll([], { environment: { ATTACKLENS_TOKEN: TOKEN } })).toEqual(ENROLLED);
  });

  test("from the command line, with a warning", async () => {
    expect(await enroll(["--token", TOKEN])).toEqual({
      ...ENROLLED,
      stderr:
        "attacklens-sensor: a token on the command line is visible in the process list; use --token-file instead\n",
    });
  });

  test("without a proxy if the server is on this host, despite proxy variables", async () => {
    await using proxy = await startTestServer();
    const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    const environment = Object.fromEntries(names.map((name) => [name, proxy.url]));
    expect(await enroll(["--token-file", writeToken()], { environment })).toEqual(ENROLLED);
    expect(proxy.received).toEqual([]);
  });

  test("in the folder in ATTACKLENS_STATE", async () => {
    const environment = { ATTACKLENS_STATE: state, ATTACKLENS_TOKEN: TOKEN };
    expect(await runCommandLine(["enroll", "--server", `${server.url}/`], { environment })).toEqual(ENROLLED);
  });

  test("only once: a repeated command confirms the identity with the server and keeps it", async () => {
    expect(await enroll(["--token-file", writeToken()])).toEqual(ENROLLED);
    const before = readFileSync(identityFile(), "utf8");
    expect(await enroll(["--token-file", writeToken()])).toEqual({
      exitCode: 0,
      stdout: `already enrolled as ${SENSOR_ID} with ${server.url}; the token was not used\n`,
      stderr: "",
    });
    expect(server.received).toHaveLength(2);
    expect(readFileSync(identityFile(), "utf8")).toBe(before);
  });

  test("with one server: the command rejects another server and keeps the identity", async () => {
    expect(await enroll(["--token-file", writeToken()])).toEqual(ENROLLED);
    const before = readFileSync(identityFile(), "utf8");
    expect(await enroll(["--token", "-", "--server", "https://other.example"], { stdin: TOKEN })).toEqual({
      exitCode: 5,
      stdout: "",
      stderr:
        `attacklens-sensor: Cannot enroll sensor: this host is already enrolled with ${server.url} as ${SENSOR_ID}\n` +
        `hint: to enroll it with https://other.example instead, repeat the command with --replace; to run a second sensor, choose another folder with --state\n`,
    });
    expect(readFileSync(identityFile(), "utf8")).toBe(before);
  });
});

describe("with a server that refuses or is unreachable", () => {
  test("reports a refused token with a hint and keeps the key", async () => {
    const detail = "Cannot enroll sensor: token expired at 2026-08-20T10:00Z";
    server.next.push(problem("token-expired", { detail, requestId: "req-7\u001b[31m" }));
    expect(await enroll(["--token", "-"], { stdin: TOKEN })).toEqual({
      exitCode: 3,
      stdout: "",
      stderr:
        `attacklens-sensor: ${detail} (request req-731m)\n` +
        "hint: create a new token under Sensors > Enrollment Tokens\n",
    });
    expect(readIdentityFile()).toMatchObject({ state: "enrolling", publicKey: server.received[0]?.keyid });
  });

  test("reports another refusal with a separate exit code, and redacts tokens in it", async () => {
    server.next.push(problem("input-invalid", { detail: `${TOKEN} is\nnot welcome` }));
    expect(await enroll(["--token", "-"], { stdin: TOKEN })).toEqual({
      exitCode: 6,
      stdout: "",
      stderr:
        "attacklens-sensor: Cannot enroll sensor: atl_enr_[redacted] is\ufffdnot welcome (request req-1)\n",
    });
  });

  test("reports an unreachable server at once with --wait 0", async () => {
    const url = await addressOfNoServer();
    const args = ["--server", url, "--token", "-", "--wait", "0"];
    expect(await enroll(args, { stdin: TOKEN })).toEqual({
      exitCode: 4,
      stdout: "",
      stderr:
        `attacklens-sensor: Cannot enroll sensor: ${url}: connection refused\n` +
        "hint: repeat the command when the server is reachable; this is safe and takes at most one use of the token\n",
    });
    expect(readIdentityFile()).toMatchObject({ state: "enrolling", server: url });
  });

  test("retries, and enrolls when the server is reachable", async () => {
    const url = await addressOfNoServer();
    const args = ["enroll", "--server", url, "--state", state, "--token", "-", "--wait", "60"];
    const command = startCommand(args, { stdin: TOKEN });
    const stderr = command.stderr.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    expect((await stderr.next()).value).toMatch(
      /^attacklens-sensor: http:\S+: connection refused; retrying in \d+ s\n/,
    );
    await using late = await startTestServer({ port: Number(new URL(url).port) });
    expect(await new Response(command.stdout).text()).toBe(ENROLLED.stdout);
    expect(await command.exited).toBe(0);
    expect(late.received).toHaveLength(1);
  });
});
