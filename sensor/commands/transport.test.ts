// What a person sees of pins, proxies and `check`: flags, exit codes and both outputs, against servers that are right and wrong.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chainOf, type Issued, makeCa, makeLeaf, pinOfIssued } from "../../harness/certificates.ts";
import { openConnectProxy } from "../../harness/connect-proxy.ts";
import { identityPath, makeIdentity, readIdentity, writeIdentity } from "../state/identity.ts";
import { makeFolder, runCommandLine, TOKEN } from "../testing/test-command.ts";
import { problem, SENSOR_ID, startTestServer } from "../testing/test-server.ts";

// Each command is a process.
setDefaultTimeout(30_000);

const DAY_MS = 86_400_000;
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

describe("a flag that is wrong ends the command before anything is sent", () => {
  for (const [name, args, stderr] of [
    [
      "a pin that is none",
      ["--server", "https://a.example", "--ca-pin", "sha256:1234"],
      "attacklens-sensor: Cannot check: --ca-pin must be sha256: and 64 characters of 0-9 and a-f\n" +
        "hint: copy it again from the console, or from attacklens ca show\n",
    ],
    [
      "a pin for plain HTTP",
      ["--server", "http://127.0.0.1:9", "--ca-pin", PIN],
      "attacklens-sensor: Cannot check: --ca-pin is for https://\n",
    ],
    [
      "plain HTTP to another host",
      ["--server", "http://a.example"],
      "attacklens-sensor: Cannot use the server http://a.example: plain HTTP would expose the token on the network\n" +
        "hint: use https://a.example\n",
    ],
    [
      "a proxy that is none",
      ["--server", "https://a.example", "--proxy", "socks5://ann:geheim@proxy:1080"],
      "attacklens-sensor: Cannot use the proxy socks5://proxy:1080: it is not an address such as http://user:password@proxy.example.com:3128\n",
    ],
  ] as const)
    test(name, async () => {
      expect(await run(["check", ...args])).toEqual({ exitCode: 2, stdout: "", stderr });
    });

  test("a proxy of the environment that is none, unless the server is exempt from it", async () => {
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
  test("keep the root, trust nothing else, and name who imitates the server", async () => {
    const server = await serve(leaf, root);
    const enrolled = await enroll(server.url, ["--ca-pin", pinOfIssued(root)]);
    expect(enrolled).toMatchObject({ exitCode: 0, stderr: "" });
    const once = () => run(["run", "--once", "--state", state]);
    expect(await once()).toMatchObject({ exitCode: 0, stderr: "" });
    await server[Symbol.asyncDispose]();

    const rogueLeaf = await makeLeaf(rogueRoot);
    for (const chain of [
      [rogueLeaf, rogueRoot],
      [rogueLeaf, root],
      [rogueLeaf, rogueRoot, root],
    ] as [Issued, ...Issued[]][]) {
      await using rogue = await startTestServer({ port: server.port, tls: chainOf(...chain) });
      const refused = await once();
      expect(refused.stderr).toMatch(
        new RegExp(
          `^attacklens-sensor: Cannot report to ${server.url}: its certificate is not trusted here; it shows a server of the tests, issued by Inspector 3000, key ${pinOfIssued(rogueLeaf)}, valid until \\S+\n` +
            `hint: look at what answers at ${server.url}; the key is kept\n$`,
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

  test("a wrong pin is refused with what was seen, and the token stays here", async () => {
    await using server = await serve(leaf, root);
    const { exitCode, stdout, stderr } = await enroll(server.url, ["--ca-pin", PIN, "--wait", "60"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 10, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(
        `^attacklens-sensor: Cannot trust ${server.url}: no root that it shows has the pin ${PIN}; nothing was sent. It shows a server of the tests, issued by AttackLens private CA 1, key sha256:[0-9a-f]{64}, valid until \\S+Z\nhint: another AttackLens server answers there, or its CA was rotated: take the pin from the console again\n$`,
      ),
    );
    expect(server.received).toEqual([]);
  });
});

describe("a running sensor", () => {
  const once = () => run(["run", "--once", "--state", state]);
  const enrolledAt = "2026-11-24T09:30:00.000Z";
  function enrollBefore(server: Server, ca?: string[]) {
    const identity = makeIdentity(server.url);
    server.world.publicKey = identity.publicKey;
    const trust = ca ? { ca } : {};
    writeIdentity(state, { ...identity, ...trust, state: "enrolled", sensorId: SENSOR_ID, enrolledAt });
  }

  test("says which roots it trusts, takes those that its server names, and trusts no other afterwards", async () => {
    const next = await makeCa("AttackLens private CA 2");
    const cross = await makeCa("AttackLens private CA 2", { issuer: root, keys: next.keys });
    const nextLeaf = await makeLeaf(next);
    const during = await serve(nextLeaf, cross, root, next);
    enrollBefore(during, [root.certificate]);
    during.world.checkInReply = { trustedCertificates: [next.certificate, root.certificate] };
    const followed = await once();
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
    expect((await once()).exitCode).toBe(0);
    expect(after.received[0]!.body.trustedPins).toEqual([pinOfIssued(next), pinOfIssued(root)]);
    expect(readIdentity(state)).toMatchObject({ ca: [next.certificate] });
  });

  test("takes none when one of them is no root", async () => {
    await using server = await serve(leaf, root);
    enrollBefore(server, [root.certificate]);
    server.world.checkInReply = { trustedCertificates: [rogueRoot.certificate, leaf.certificate] };
    expect(await once()).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readIdentity(state)).toMatchObject({ ca: [root.certificate] });
  });

  test("that goes by the system's trust says nothing of roots, and is given none", async () => {
    await using server = await startTestServer();
    enrollBefore(server);
    server.world.checkInReply = { trustedCertificates: [rogueRoot.certificate] };
    expect((await once()).exitCode).toBe(0);
    expect(server.received[0]!.body).not.toHaveProperty("trustedPins");
    expect(readIdentity(state)).not.toHaveProperty("ca");
  });
});

describe("a proxy with credentials", () => {
  const credentials = { user: "ann@corp", password: PASSWORD };
  const withCredentials = (url: string, password = PASSWORD) =>
    url.replace("://", `://${encodeURIComponent(credentials.user)}:${encodeURIComponent(password)}@`);
  const secrets = [PASSWORD, encodeURIComponent(PASSWORD), btoa("ann@corp:").slice(0, 10)];

  test("from the flag is kept with the identity for its owner alone, used by run, and printed nowhere", async () => {
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
    const reported = await run(["run", "--once", "--state", state]);
    expect(reported).toMatchObject({ exitCode: 0, stderr: "" });
    expect(proxy.tunnels.length).toBeGreaterThan(before);
    const told = [await run(["status", "--state", state]), await run(["status", "--json", "--state", state])];
    const checked = await check(url, [
      ...["--ca-pin", pinOfIssued(root), "--proxy", withCredentials(proxy.url)],
    ]);
    expect(checked.exitCode).toBe(0);
    expect(checked.stdout).toMatch(
      /^ok {4}name {9}127\.0\.0\.1 is 127\.0\.0\.1: the proxy, which looks up attacklens\.test itself\n/,
    );
    expect(checked.stdout).toContain(
      `ok    proxy        ${proxy.url} connects to attacklens.test:${server.port}\n`,
    );
    const printed = [enrolled, reported, ...told, checked].map(({ stdout, stderr }) => stdout + stderr);
    printed.push(readFileSync(join(state, "status.json"), "utf8"));
    for (const secret of secrets) expect(printed.join()).not.toContain(secret);
    expect(proxy.others).toEqual([]);
  });

  test("from the environment is used, and not kept", async () => {
    await using server = await serve(leaf, root);
    await using proxy = await openConnectProxy({ credentials });
    const environment = { HTTPS_PROXY: withCredentials(proxy.url) };
    const url = `https://attacklens.test:${server.port}`;
    const pinned = ["--ca-pin", pinOfIssued(root)];
    expect(await enroll(url, pinned, environment)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readIdentity(state)).not.toHaveProperty("proxy");
    expect((await run(["run", "--once", "--state", state], environment)).exitCode).toBe(0);
    const count = proxy.tunnels.length;
    const without = await run(["run", "--once", "--state", state], {
      ...environment,
      NO_PROXY: `attacklens.test:${server.port}`,
    });
    expect(without.exitCode).toBe(4);
    expect(without.stderr).toContain("its name ");
    expect(proxy.tunnels).toHaveLength(count);
  });

  for (const [name, given] of [
    ["none", (url: string) => url],
    ["wrong ones", (url: string) => withCredentials(url, "geheim")],
  ] as const)
    test(`where ${name} are given: enroll and check say so`, async () => {
      await using server = await serve(leaf, root);
      await using proxy = await openConnectProxy({ credentials });
      const url = `https://attacklens.test:${server.port}`;
      const flags = ["--ca-pin", pinOfIssued(root), "--proxy", given(proxy.url)];
      const text = `by way of ${proxy.url}: the proxy wants credentials, or others than were given`;
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
        "      hint: look at --proxy http://USER:PASSWORD@HOST:PORT, or at HTTPS_PROXY, ALL_PROXY and NO_PROXY",
        ...["certificate", "pin", "server", "clock", "token", "network", "group"].map(
          (step) => `-     ${step.padEnd(11)}  not looked at: proxy has failed`,
        ),
      ]);
      expect(server.received).toEqual([]);
      expect(checked.stdout).not.toContain("geheim");
    });
});

describe("check, a line for each step", () => {
  const lines = (stdout: string) => stdout.trimEnd().split("\n");
  const shown = (issued: Issued) => `key ${pinOfIssued(issued)}, valid until `;
  const skipped = (...steps: string[]) => steps.map((step) => `-     ${step.padEnd(11)}  `);

  test("of a pinned server, with a token that is good", async () => {
    await using server = await serve(leaf, root);
    server.world.tokenCheck = {
      assetGroup: { id: "grp_0198c5f0-7c1e-7a3b-9a51-5b0c2f3d4e5f", name: "Web servers" },
      awaitingApproval: true,
      certificate: pinOfIssued(leaf),
    };
    const { exitCode, stdout, stderr } = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [name, proxy, certificate, ...rest] = lines(stdout);
    expect([name, proxy]).toEqual(["ok    name         127.0.0.1 is 127.0.0.1", "ok    proxy        none"]);
    expect(certificate).toStartWith(
      `ok    certificate  TLSv1.3, a server of the tests, issued by AttackLens private CA 1, ${shown(leaf)}`,
    );
    expect(rest).toEqual([
      `ok    pin          ${pinOfIssued(root)} is shown`,
      `ok    server       ${server.url} answers`,
      "ok    clock        agrees with the server's",
      "ok    token        would be accepted",
      "ok    network      127.0.0.1, as the server sees this host, is allowed",
      expect.stringMatching(
        /^ok {4}group {8}\S+ comes into the asset group Web servers, and waits for a person's approval$/,
      ),
    ]);
    expect(server.received).toMatchObject([{ path: "/sensor/v1/check", token: TOKEN }]);
  });

  test("without a token: that there is none", async () => {
    await using server = await serve(leaf, root);
    const flags = ["check", "--server", server.url, "--ca-pin", pinOfIssued(root)];
    const { exitCode, stdout } = await run(flags);
    expect(exitCode).toBe(0);
    expect(lines(stdout).slice(-3)).toEqual([
      "ok    clock        agrees with the server's",
      "-     token        no token is given",
      "      hint: add --token-file FILE",
    ]);
  });

  test("of a private CA without its pin", async () => {
    await using server = await serve(leaf, root);
    const { exitCode, stdout } = await check(server.url);
    expect(exitCode).toBe(10);
    expect(lines(stdout)[2]).toMatch(/^FAIL {2}certificate .*; not trusted here: SELF_SIGNED_CERT_IN_CHAIN$/);
    expect(lines(stdout)[3]).toBe("      hint: give the pin that the console shows by --ca-pin");
    expect(server.received).toEqual([]);
  });

  test("of a proxy that inspects TLS: it is named, with a pin and without", async () => {
    const inspector = await makeLeaf(rogueRoot);
    await using server = await serve(inspector, rogueRoot);
    const without = await check(server.url);
    expect(without.exitCode).toBe(10);
    expect(lines(without.stdout)[3]).toBe(
      "      hint: Inspector 3000 is a proxy that inspects TLS, unless it is who certifies the server: let this host reach the server without it, or add it to this host's trust store",
    );
    const pinned = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
    expect(pinned.exitCode).toBe(10);
    const [, , , pin, hint, ...rest] = lines(pinned.stdout);
    expect(pin).toStartWith(
      `FAIL  pin          Cannot trust ${server.url}: no root that it shows has the pin`,
    );
    expect(hint).toBe(
      "      hint: a proxy that inspects TLS (issuer: Inspector 3000) or another server answers there; let this host reach the server without it",
    );
    expect(rest).toEqual(
      skipped("server", "clock", "token", "network", "group").map(
        (start) => `${start}not looked at: pin has failed`,
      ),
    );
    expect(server.received).toEqual([]);
  });

  test("of a proxy that inspects TLS and that this host trusts: noted, by what the server says of its certificate", async () => {
    const inspector = await makeLeaf(rogueRoot);
    await using server = await serve(inspector, rogueRoot);
    server.world.tokenCheck = { certificate: pinOfIssued(leaf) };
    const trusted = join(folder.path, "inspector.pem");
    writeFileSync(trusted, rogueRoot.certificate);
    const { exitCode, stdout } = await check(server.url, [], { NODE_EXTRA_CA_CERTS: trusted });
    expect(exitCode).toBe(0);
    expect(lines(stdout).slice(3, -3)).toEqual([
      "ok    pin          none: this host's trust store decides",
      `ok    server       ${server.url} answers`,
      "ok    clock        agrees with the server's",
      "note  inspection   the certificate seen here is not the server's own: a proxy that inspects TLS reads along, or a load balancer (issuer: Inspector 3000)",
      "      hint: let this host reach the server without it, or give --ca-pin where the server has a private CA: it refuses such a proxy",
    ]);
    server.world.tokenCheck = { certificate: pinOfIssued(inspector) };
    expect((await check(server.url, [], { NODE_EXTRA_CA_CERTS: trusted })).stdout).not.toContain(
      "inspection",
    );
    server.world.tokenCheck = { certificate: null };
    expect((await check(server.url, [], { NODE_EXTRA_CA_CERTS: trusted })).stdout).not.toContain(
      "inspection",
    );
  });

  test("of the real root behind another's leaf: the token is not sent", async () => {
    const rogueLeaf = await makeLeaf(rogueRoot);
    await using server = await serve(rogueLeaf, rogueRoot, root);
    const { exitCode, stdout } = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
    expect(exitCode).toBe(10);
    expect(stdout).toContain(
      `FAIL  server       ${server.url} cannot be reached: its certificate is not trusted here; it shows a server of the tests, issued by Inspector 3000, ${shown(rogueLeaf)}`,
    );
    expect(server.received).toEqual([]);
  });

  test("of certificates that are for another name, over, or not begun", async () => {
    for (const [names, life, exit, text] of [
      [["other.example"], {}, 10, "its certificate is for another name"],
      [["127.0.0.1"], { until: Date.now() - 1_000 }, 4, "its certificate has expired, by this host's clock"],
      [
        ["127.0.0.1"],
        { from: Date.now() + 2 * DAY_MS },
        11,
        "its certificate is not valid yet, by this host's",
      ],
    ] as const) {
      await using server = await serve(await makeLeaf(root, names, life), root);
      const { exitCode, stdout } = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
      expect(stdout).toContain(`FAIL  server       ${server.url} cannot be reached: ${text}`);
      expect(exitCode).toBe(exit);
      expect(server.received).toEqual([]);
    }
  });

  test("of a clock two days off: that the sensor corrects itself", async () => {
    await using server = await serve(leaf, root);
    for (const [aheadMs, text] of [
      [
        2 * DAY_MS,
        /^note {2}clock {8}17[23]\d{3} s behind the server's: the sensor corrects itself by the server's time$/,
      ],
      [-2 * DAY_MS, /^note {2}clock {8}17[23]\d{3} s ahead of the server's: the sensor corrects itself/],
    ] as const) {
      server.world.aheadMs = aheadMs;
      const { exitCode, stdout } = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
      expect(exitCode).toBe(0);
      expect(lines(stdout)[5]).toMatch(text);
      expect(lines(stdout)[6]).toStartWith("      hint: set this host's clock anyway");
    }
  });

  test("of a name that is not known, and of a port where nothing listens", async () => {
    const unknown = await check("https://attacklens.invalid");
    expect(unknown.exitCode).toBe(4);
    expect(lines(unknown.stdout).slice(0, 4)).toEqual([
      expect.stringMatching(/^FAIL {2}name {9}attacklens\.invalid cannot be looked up \(E?[A-Z_]+\)$/),
      "      hint: look at the spelling of --server and at this host's DNS",
      "ok    proxy        none",
      "-     certificate  not looked at: name has failed",
    ]);
    const nobody = await check("https://127.0.0.1:9");
    expect(nobody.exitCode).toBe(4);
    expect(lines(nobody.stdout)[2]).toBe("FAIL  certificate  nothing listens there");
  });

  test("of a token that is not known, over, or for other networks", async () => {
    await using server = await startTestServer();
    server.next.push(problem("token-unknown", { detail: "the token is not known" }));
    const unknown = await check(server.url);
    expect(unknown.exitCode).toBe(3);
    expect(lines(unknown.stdout).slice(-4)).toEqual([
      "FAIL  token        the token is not known",
      "      hint: copy the token again, or create another one under Sensors > Enrollment Tokens",
      "-     network      not looked at: token has failed",
      "-     group        not looked at: token has failed",
    ]);
    server.world.tokenCheck = { refusal: { code: "token-expired", detail: "token expired a day ago" } };
    const expired = await check(server.url);
    expect(expired.exitCode).toBe(3);
    expect(lines(expired.stdout).slice(-4)).toEqual([
      "FAIL  token        would be refused: token expired a day ago",
      "      hint: create another token under Sensors > Enrollment Tokens",
      "-     network      127.0.0.1, as the server sees this host; not judged: the token is refused",
      "-     group        not looked at: token has failed",
    ]);
    const detail = "127.0.0.1 is in none of the token's networks";
    server.world.tokenCheck = { refusal: { code: "network-not-allowed", detail } };
    const elsewhere = await check(server.url);
    expect(elsewhere.exitCode).toBe(3);
    expect(lines(elsewhere.stdout).slice(-4)).toEqual([
      "ok    token        is good",
      `FAIL  network      would be refused: ${detail}`,
      "      hint: add this network to the token in the console, or use a token that is meant for it",
      "-     group        not looked at: network has failed",
    ]);
  });
});
