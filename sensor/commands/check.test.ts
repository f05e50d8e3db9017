// `check`: one line for each step, against the right server, other servers and proxies.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chainOf, type Issued, makeCa, makeLeaf, pinOfIssued } from "../../harness/certificates.ts";
import { COMMANDS_TIMEOUT_MS, makeFolder, runCommandLine, TOKEN } from "../testing/test-command.ts";
import { problem, startTestServer } from "../testing/test-server.ts";

setDefaultTimeout(COMMANDS_TIMEOUT_MS);

const DAY_MS = 86_400_000;

let root: Issued;
let leaf: Issued;
let rogueRoot: Issued;
let folder: ReturnType<typeof makeFolder>;
beforeEach(async () => {
  [root, rogueRoot] = [await makeCa("AttackLens private CA 1"), await makeCa("Inspector 3000")];
  leaf = await makeLeaf(root, ["127.0.0.1", "localhost", "attacklens.test"]);
  folder = makeFolder();
});
afterEach(() => folder[Symbol.dispose]());

const serve = (...chain: [Issued, ...Issued[]]) => startTestServer({ tls: chainOf(...chain) });
const run = (args: string[], environment: Record<string, string> = {}) =>
  runCommandLine(args, { stdin: TOKEN, environment });
const check = (server: string, more: string[] = [], environment?: Record<string, string>) =>
  run(["check", "--server", server, "--token", "-", ...more], environment);

describe("check prints one line for each step", () => {
  const lines = (stdout: string) => stdout.trimEnd().split("\n");
  const shown = (issued: Issued) => `key ${pinOfIssued(issued)}, valid until `;
  const skipped = (...steps: string[]) => steps.map((step) => `-     ${step.padEnd(11)}  `);

  test("with a pinned server and a valid token", async () => {
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
      `ok    pin          the server presents ${pinOfIssued(root)}`,
      `ok    server       ${server.url} is an AttackLens server`,
      "ok    clock        matches the server's",
      "ok    token        would be accepted",
      "ok    network      127.0.0.1, this host's address as seen by the server, is allowed",
      expect.stringMatching(
        /^ok {4}group {8}\S+ would join the asset group Web servers, and would await approval$/,
      ),
    ]);
    expect(server.received).toMatchObject([{ path: "/sensor/v1/check", token: TOKEN }]);
  });

  test("without a token, reports that none was given", async () => {
    await using server = await serve(leaf, root);
    const flags = ["check", "--server", server.url, "--ca-pin", pinOfIssued(root)];
    const { exitCode, stdout } = await run(flags);
    expect(exitCode).toBe(0);
    expect(lines(stdout).slice(-3)).toEqual([
      "ok    clock        matches the server's",
      "-     token        no token was given",
      "      hint: add --token-file FILE",
    ]);
  });

  test("with a private CA but no pin, fails at the certificate", async () => {
    await using server = await serve(leaf, root);
    const { exitCode, stdout } = await check(server.url);
    expect(exitCode).toBe(10);
    expect(lines(stdout)[2]).toMatch(
      /^FAIL {2}certificate .*; not trusted by this host: SELF_SIGNED_CERT_IN_CHAIN$/,
    );
    expect(lines(stdout)[3]).toBe("      hint: use --ca-pin with the pin from the console");
    expect(server.received).toEqual([]);
  });

  test("with a proxy that inspects TLS, names the issuer of the proxy, with and without a pin", async () => {
    const inspector = await makeLeaf(rogueRoot);
    await using server = await serve(inspector, rogueRoot);
    const without = await check(server.url);
    expect(without.exitCode).toBe(10);
    expect(lines(without.stdout)[3]).toBe(
      "      hint: Inspector 3000 is a CA that this host does not trust, or a proxy that inspects TLS: add the CA to this host's trust store, or bypass the proxy",
    );
    const pinned = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
    expect(pinned.exitCode).toBe(10);
    const [, , , pin, hint, ...rest] = lines(pinned.stdout);
    expect(pin).toStartWith(
      `FAIL  pin          Cannot trust ${server.url}: it presents no root with the pin`,
    );
    expect(hint).toBe(
      "      hint: a proxy that inspects TLS (issuer: Inspector 3000) or another server replied; let this host reach the server without the proxy",
    );
    expect(rest).toEqual(
      skipped("server", "clock", "token", "network", "group").map(
        (start) => `${start}not checked: pin failed`,
      ),
    );
    expect(server.received).toEqual([]);
  });

  test("with a trusted proxy that inspects TLS, notes a certificate other than the server's", async () => {
    const inspector = await makeLeaf(rogueRoot);
    await using server = await serve(inspector, rogueRoot);
    server.world.tokenCheck = { certificate: pinOfIssued(leaf) };
    const trusted = join(folder.path, "inspector.pem");
    writeFileSync(trusted, rogueRoot.certificate);
    const { exitCode, stdout } = await check(server.url, [], { SSL_CERT_FILE: trusted });
    expect(exitCode).toBe(0);
    expect(lines(stdout).slice(3, -3)).toEqual([
      "ok    pin          not pinned: this host's trust store is used",
      `ok    server       ${server.url} is an AttackLens server`,
      "ok    clock        matches the server's",
      "note  inspection   this host sees a certificate other than the server's: a proxy that inspects TLS or a load balancer presents it (issuer: Inspector 3000)",
      "      hint: bypass the proxy, or use --ca-pin if the server has a private CA: the pin rejects such a proxy",
    ]);
    server.world.tokenCheck = { certificate: pinOfIssued(inspector) };
    expect((await check(server.url, [], { SSL_CERT_FILE: trusted })).stdout).not.toContain("inspection");
    server.world.tokenCheck = { certificate: null };
    expect((await check(server.url, [], { SSL_CERT_FILE: trusted })).stdout).not.toContain("inspection");
  });

  test("does not send the token if another CA's leaf is followed by the pinned root", async () => {
    const rogueLeaf = await makeLeaf(rogueRoot);
    await using server = await serve(rogueLeaf, rogueRoot, root);
    const { exitCode, stdout } = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
    expect(exitCode).toBe(10);
    expect(stdout).toContain(
      `FAIL  server       ${server.url} cannot be reached: its certificate is not trusted by this host; it presents a server of the tests, issued by Inspector 3000, ${shown(rogueLeaf)}`,
    );
    expect(server.received).toEqual([]);
  });

  test("rejects a certificate that is for another name, expired or not valid yet", async () => {
    for (const [names, life, exit, text] of [
      [["other.example"], {}, 10, "its certificate is for another name"],
      [
        ["127.0.0.1"],
        { until: Date.now() - 1_000 },
        4,
        "its certificate has expired, according to this host's clock",
      ],
      [
        ["127.0.0.1"],
        { from: Date.now() + 2 * DAY_MS },
        11,
        "its certificate is not valid yet, according to this host's",
      ],
    ] as const) {
      await using server = await serve(await makeLeaf(root, names, life), root);
      const { exitCode, stdout } = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
      expect(stdout).toContain(`FAIL  server       ${server.url} cannot be reached: ${text}`);
      expect(exitCode).toBe(exit);
      expect(server.received).toEqual([]);
    }
  });

  test("with a clock that is two days off, notes that the sensor corrects for it", async () => {
    await using server = await serve(leaf, root);
    for (const [aheadMs, text] of [
      [2 * DAY_MS, /^note {2}clock {8}17[23]\d{3} s behind the server's: the sensor corrects for it$/],
      [-2 * DAY_MS, /^note {2}clock {8}17[23]\d{3} s ahead of the server's: the sensor corrects for it/],
    ] as const) {
      server.world.aheadMs = aheadMs;
      const { exitCode, stdout } = await check(server.url, ["--ca-pin", pinOfIssued(root)]);
      expect(exitCode).toBe(0);
      expect(lines(stdout)[5]).toMatch(text);
      expect(lines(stdout)[6]).toStartWith("      hint: correct this host's clock anyway");
    }
  });

  test("reports an unknown host name and a port without a listener", async () => {
    const unknown = await check("https://attacklens.invalid");
    expect(unknown.exitCode).toBe(4);
    expect(lines(unknown.stdout).slice(0, 4)).toEqual([
      expect.stringMatching(/^FAIL {2}name {9}attacklens\.invalid could not be resolved \(E?[A-Z_]+\)$/),
      "      hint: check the spelling of --server and this host's DNS",
      "ok    proxy        none",
      "-     certificate  not checked: name failed",
    ]);
    const nobody = await check("https://127.0.0.1:9");
    expect(nobody.exitCode).toBe(4);
    expect(lines(nobody.stdout)[2]).toBe("FAIL  certificate  connection refused");
  });

  test("reports a token that is unknown, expired or for other networks", async () => {
    await using server = await startTestServer();
    server.next.push(problem("token-unknown", { detail: "the token is not known" }));
    const unknown = await check(server.url);
    expect(unknown.exitCode).toBe(3);
    expect(lines(unknown.stdout).slice(-4)).toEqual([
      "FAIL  token        the token is not known",
      "      hint: copy the token again, or create a new one under Sensors > Enrollment Tokens",
      "-     network      not checked: token failed",
      "-     group        not checked: token failed",
    ]);
    server.world.tokenCheck = { refusal: { code: "token-expired", detail: "token expired a day ago" } };
    const expired = await check(server.url);
    expect(expired.exitCode).toBe(3);
    expect(lines(expired.stdout).slice(-4)).toEqual([
      "FAIL  token        would be refused: token expired a day ago",
      "      hint: create a new token under Sensors > Enrollment Tokens",
      "-     network      127.0.0.1, this host's address as seen by the server; not checked: the token would be refused",
      "-     group        not checked: token failed",
    ]);
    const detail = "127.0.0.1 is in none of the token's networks";
    server.world.tokenCheck = { refusal: { code: "network-not-allowed", detail } };
    const elsewhere = await check(server.url);
    expect(elsewhere.exitCode).toBe(3);
    expect(lines(elsewhere.stdout).slice(-4)).toEqual([
      "ok    token        is valid",
      `FAIL  network      would be refused: ${detail}`,
      "      hint: add this network to the token in the console, or use a token that allows it",
      "-     group        not checked: network failed",
    ]);
  });
});
