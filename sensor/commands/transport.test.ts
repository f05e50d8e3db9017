// Pins and proxies of `enroll` and `run`: flags, exit codes and output, against the right server and others.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { chainOf, type Issued, makeCa, makeLeaf, pinOfIssued } from "../../harness/certificates.ts";
import { openConnectProxy } from "../../harness/connect-proxy.ts";
import { LONG_TESTS } from "../../harness/long-tests.ts";
import { waitUntil } from "../../harness/wait-until.ts";
import { identityPath, makeIdentity, readIdentity, writeIdentity } from "../state/identity.ts";
import {
  COMMANDS_TIMEOUT_MS,
  makeEmptyHost,
  makeFolder,
  runCommandLine,
  startCommand,
  TOKEN,
} from "../testing/test-command.ts";
import { SENSOR_ID, startTestServer } from "../testing/test-server.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

const PIN = `sha256:${"a".repeat(64)}`;
const PASSWORD = "p:w/d %é";

let root: Issued;
let leaf: Issued;
let rogueRoot: Issued;
let folder: ReturnType<typeof makeFolder>;
let state: string;
beforeEach(async () => {
  [root, rogueRoot] = [await makeCa("AttackLens private CA 1"), await makeCa("Inspector 3000")];
  leaf = await makeLeaf(root, ["127.0.0.1", "localhost", "attacklens.test"]);
  folder = makeFolder();
  state = join(folder.path, "state");
});
afterEach(() => folder[Symbol.dispose]());

type Server = Awaited<ReturnType<typeof startTestServer>>;
const serve = (...chain: [Issued, ...Issued[]]) => startTestServer({ tls: chainOf(...chain) });
const run = (args: string[], environment: Record<string, string> = {}) =>
  runCommandLine(args, { stdin: TOKEN, environment });
const enroll = (server: string, more: string[] = [], environment?: Record<string, string>) =>
  run(["enroll", "--server", server, "--token", "-", "--state", state, "--wait", "0", ...more], environment);
const check = (server: string, more: string[] = [], environment?: Record<string, string>) =>
  run(["check", "--server", server, "--token", "-", ...more], environment);

const runOnce = (environment?: Record<string, string>) =>
  run(["run", "--once", "--state", state, "--root", makeEmptyHost(folder.path)], environment);

describe("rejects, before it sends anything,", () => {
  for (const [name, args, stderr] of [
    [
      "an invalid pin",
      ["--server", "https://a.example", "--ca-pin", "sha256:1234"],
      "attacklens-sensor: Cannot check: --ca-pin must be sha256: followed by 64 hexadecimal characters in lower case\n" +
        "hint: copy the pin from the console or from attacklens ca show\n",
    ],
    [
      "a pin for plain HTTP",
      ["--server", "http://127.0.0.1:9", "--ca-pin", PIN],
      "attacklens-sensor: Cannot check: --ca-pin requires an https:// server\n",
    ],
    [
      "plain HTTP to another host",
      ["--server", "http://a.example"],
      "attacklens-sensor: Cannot use the server http://a.example: plain HTTP would expose the token on the network\n" +
        "hint: use https://a.example\n",
    ],
    [
      "an invalid proxy",
      ["--server", "https://a.example", "--proxy", "socks5://ann:geheim@proxy:1080"],
      "attacklens-sensor: Cannot use the proxy socks5://proxy:1080: it is not an address such as http://user:password@proxy.example.com:3128\n",
    ],
  ] as const)
    test(name, async () => {
      expect(await run(["check", ...args])).toEqual({ exitCode: 2, stdout: "", stderr });
    });

  test("an invalid proxy in the environment, unless the server is exempt from the proxy", async () => {
    const environment = { ALL_PROXY: "socks5://ann:geheim@proxy:1080" };
    const refused = await enroll("https://a.example", [], environment);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toStartWith("attacklens-sensor: Cannot use the proxy socks5://proxy:1080: ");
    await using server = await serve(leaf, root);
    const near = await enroll(server.url, ["--ca-pin", pinOfIssued(root)], environment);
    expect(near).toMatchObject({ exitCode: 0, stderr: "" });
  });
});

describe("enroll and run with a pin", () => {
  test("store the root, trust nothing else, and name the issuer of an impostor", async () => {
    const server = await serve(leaf, root);
    const enrolled = await enroll(server.url, ["--ca-pin", pinOfIssued(root)]);
    expect(enrolled).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await runOnce()).toMatchObject({ exitCode: 0, stderr: "" });
    await server[Symbol.asyncDispose]();

    const rogueLeaf = await makeLeaf(rogueRoot);
    for (const chain of [
      [rogueLeaf, rogueRoot],
      [rogueLeaf, root],
      [rogueLeaf, rogueRoot, root],
    ] as [Issued, ...Issued[]][]) {
      await using rogue = await startTestServer({ port: server.port, tls: chainOf(...chain) });
      const refused = await runOnce();
      expect(refused.stderr).toMatch(
        new RegExp(
          `^attacklens-sensor: Cannot report to ${server.url}: its certificate is not trusted by this host; it presents a server of the tests, issued by Inspector 3000, key ${pinOfIssued(rogueLeaf)}, valid until \\S+\n` +
            `hint: check which server runs at ${server.url}; the key was kept\n$`,
        ),
      );
      expect(refused.exitCode).toBe(10);
      const told = await run(["status", "--state", state]);
      expect(told.exitCode).toBe(10);
      expect(told.stdout).toStartWith("State          wrong server\n");
      expect(rogue.received).toEqual([]);
    }
    expect(readIdentity(state)).toMatchObject({ sensorId: SENSOR_ID, ca: [root.certificate] });
  });

  test("reject a wrong pin, show the presented certificate, and send no token", async () => {
    await using server = await serve(leaf, root);
    const { exitCode, stdout, stderr } = await enroll(server.url, ["--ca-pin", PIN, "--wait", "60"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 10, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(
        `^attacklens-sensor: Cannot trust ${server.url}: it presents no root with the pin ${PIN}; nothing was sent. It presents a server of the tests, issued by AttackLens private CA 1, key sha256:[0-9a-f]{64}, valid until \\S+Z\nhint: another AttackLens server runs there, or its CA was rotated: copy the pin from the console again\n$`,
      ),
    );
    expect(server.received).toEqual([]);
  });
});

describe("a running sensor", () => {
  const enrolledAt = "2026-11-24T09:30:00.000Z";
  function enrollBefore(server: Server, ca?: string[]) {
    const identity = makeIdentity(server.url);
    server.world.publicKey = identity.publicKey;
    const trust = ca ? { ca } : {};
    writeIdentity(state, { ...identity, ...trust, state: "enrolled", sensorId: SENSOR_ID, enrolledAt });
  }

  test("reports its trusted roots and replaces them with the roots from the server", async () => {
    const next = await makeCa("AttackLens private CA 2");
    const cross = await makeCa("AttackLens private CA 2", { issuer: root, keys: next.keys });
    const nextLeaf = await makeLeaf(next);
    const during = await serve(nextLeaf, cross, root, next);
    enrollBefore(during, [root.certificate]);
    during.world.checkInReply = { trustedCertificates: [next.certificate, root.certificate] };
    const followed = await runOnce();
    expect(followed).toMatchObject({
      exitCode: 0,
      stderr: `attacklens-sensor: now trusts ${pinOfIssued(next)}, ${pinOfIssued(root)}\n`,
    });
    expect(during.received[0]!.body.trustedPins).toEqual([pinOfIssued(root)]);
    expect(readIdentity(state)).toMatchObject({ ca: [next.certificate, root.certificate] });
    await during[Symbol.asyncDispose]();

    const { publicKey } = readIdentity(state)!;
    const tls = chainOf(nextLeaf, next);
    await using after = await startTestServer({ port: during.port, publicKey, tls });
    after.world.checkInReply = { trustedCertificates: [next.certificate] };
    expect((await runOnce()).exitCode).toBe(0);
    expect(after.received[0]!.body.trustedPins).toEqual([pinOfIssued(next), pinOfIssued(root)]);
    expect(readIdentity(state)).toMatchObject({ ca: [next.certificate] });
  });

  test("keeps its roots if one certificate from the server is not a root", async () => {
    await using server = await serve(leaf, root);
    enrollBefore(server, [root.certificate]);
    server.world.checkInReply = { trustedCertificates: [rogueRoot.certificate, leaf.certificate] };
    expect(await runOnce()).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readIdentity(state)).toMatchObject({ ca: [root.certificate] });
  });

  test("with the system's trust store neither reports nor stores roots", async () => {
    await using server = await startTestServer();
    enrollBefore(server);
    server.world.checkInReply = { trustedCertificates: [rogueRoot.certificate] };
    expect((await runOnce()).exitCode).toBe(0);
    expect(server.received[0]!.body).not.toHaveProperty("trustedPins");
    expect(readIdentity(state)).not.toHaveProperty("ca");
  });
});

describe("a proxy with credentials", () => {
  const credentials = { user: "ann@corp", password: PASSWORD };
  const withCredentials = (url: string, password = PASSWORD) =>
    url.replace("://", `://${encodeURIComponent(credentials.user)}:${encodeURIComponent(password)}@`);
  const secrets = [PASSWORD, encodeURIComponent(PASSWORD), btoa("ann@corp:").slice(0, 10)];

  test("from --proxy is stored with the identity, readable only by the owner, used by run, and never printed", async () => {
    await using server = await serve(leaf, root);
    await using proxy = await openConnectProxy({ credentials });
    const url = `https://attacklens.test:${server.port}`;
    const enrolled = await enroll(url, [
      ...["--ca-pin", pinOfIssued(root), "--proxy", withCredentials(proxy.url)],
    ]);
    expect(enrolled).toMatchObject({ exitCode: 0, stderr: "" });
    expect(statSync(identityPath(state)).mode & 0o777).toBe(0o600);
    expect(readIdentity(state)).toMatchObject({ proxy: `${withCredentials(proxy.url)}/` });
    const before = proxy.tunnels.length;
    const reported = await runOnce();
    expect(reported).toMatchObject({ exitCode: 0, stderr: "" });
    expect(proxy.tunnels.length).toBeGreaterThan(before);
    const told = [await run(["status", "--state", state]), await run(["status", "--json", "--state", state])];
    const checked = await check(url, [
      ...["--ca-pin", pinOfIssued(root), "--proxy", withCredentials(proxy.url)],
    ]);
    expect(checked.exitCode).toBe(0);
    expect(checked.stdout).toMatch(
      /^ok {4}name {9}127\.0\.0\.1 is 127\.0\.0\.1: the proxy, which resolves attacklens\.test\n/,
    );
    expect(checked.stdout).toContain(
      `ok    proxy        ${proxy.url} connects to attacklens.test:${server.port}\n`,
    );
    const printed = [enrolled, reported, ...told, checked].map(({ stdout, stderr }) => stdout + stderr);
    printed.push(readFileSync(join(state, "status.json"), "utf8"));
    for (const secret of secrets) expect(printed.join()).not.toContain(secret);
    expect(proxy.others).toEqual([]);
  });

  test.skipIf(process.platform !== "linux" || !LONG_TESTS)(
    "from --proxy is not passed to the process at rest",
    async () => {
      await using server = await serve(leaf, root);
      await using proxy = await openConnectProxy({ credentials });
      const args = ["--ca-pin", pinOfIssued(root), "--proxy", withCredentials(proxy.url)];
      expect((await enroll(`https://attacklens.test:${server.port}`, args)).exitCode).toBe(0);
      server.world.checkInReply = { checkInIntervalSeconds: 12 };
      const command = startCommand(["run", "--state", state]);
      const shown = (name: string) => readFileSync(`/proc/${command.pid}/${name}`, "utf8");
      await waitUntil("it rests", () => shown("cmdline").includes("--at-rest"));
      const tunnels = proxy.tunnels.length;
      await waitUntil("it checks in through the proxy", () => proxy.tunnels.length > tunnels);
      expect(shown("environ")).toContain("ATTACKLENS_PASSED_STATE_");
      for (const secret of secrets) expect(shown("environ")).not.toContain(secret);
      command.kill("SIGTERM");
      expect(await command.exited).toBe(0);
    },
  );

  test("from the environment is used but not stored", async () => {
    await using server = await serve(leaf, root);
    await using proxy = await openConnectProxy({ credentials });
    const environment = { HTTPS_PROXY: withCredentials(proxy.url) };
    const url = `https://attacklens.test:${server.port}`;
    const pinned = ["--ca-pin", pinOfIssued(root)];
    expect(await enroll(url, pinned, environment)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readIdentity(state)).not.toHaveProperty("proxy");
    expect((await runOnce(environment)).exitCode).toBe(0);
    const count = proxy.tunnels.length;
    const without = await runOnce({
      ...environment,
      NO_PROXY: `attacklens.test:${server.port}`,
    });
    expect(without.exitCode).toBe(4);
    expect(without.stderr).toContain("its name ");
    expect(proxy.tunnels).toHaveLength(count);
  });

  for (const [name, given] of [
    ["missing", (url: string) => url],
    ["wrong", (url: string) => withCredentials(url, "geheim")],
  ] as const)
    test(`makes enroll and check report ${name} credentials`, async () => {
      await using server = await serve(leaf, root);
      await using proxy = await openConnectProxy({ credentials });
      const url = `https://attacklens.test:${server.port}`;
      const flags = ["--ca-pin", pinOfIssued(root), "--proxy", given(proxy.url)];
      const text = `through ${proxy.url}: the proxy rejected the credentials or requires some`;
      expect(await enroll(url, flags)).toMatchObject({
        exitCode: 4,
        stdout: "",
        stderr: expect.stringMatching(`Cannot enroll sensor: ${url}: ${text}\nhint: `),
      });
      const checked = await check(url, flags);
      expect(checked).toMatchObject({ exitCode: 4, stderr: "" });
      const lines = checked.stdout.trimEnd().split("\n").slice(1);
      expect(lines).toEqual([
        `FAIL  proxy        ${text}`,
        "      hint: check --proxy http://USER:PASSWORD@HOST:PORT, or HTTPS_PROXY, ALL_PROXY and NO_PROXY",
        ...["certificate", "pin", "server", "clock", "token", "network", "group"].map(
          (step) => `-     ${step.padEnd(11)}  not checked: proxy failed`,
        ),
      ]);
      expect(server.received).toEqual([]);
      expect(checked.stdout).not.toContain("geheim");
    });
});
