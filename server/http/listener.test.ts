import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { $ } from "bun";
import { waitUntil } from "../../harness/wait-until.ts";
import { issue, makeAuthority } from "../certificates/x509.ts";
import { openListener } from "./listener.ts";

const shownAt = (port: number) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once("error", reject);
  });

test("a certificate is changed while requests are in flight, and all of them are answered", async () => {
  const authority = await makeAuthority(Date.now());
  const names = ["localhost", "127.0.0.1"];
  const [first, second] = [
    await issue(authority, names, [], Date.now()),
    await issue(authority, names, [], Date.now()),
  ];
  const held: (() => void)[] = [];
  const listener = openListener({
    hostname: "127.0.0.1",
    port: 0,
    certificate: first,
    async fetch() {
      await new Promise<void>((resolve) => held.push(resolve));
      return new Response("answered");
    },
  });
  const ask = async (_: unknown, index: number) => {
    const url = `https://localhost:${listener.port}/`;
    const keepalive = index % 2 === 0;
    return await (await fetch(url, { tls: { ca: authority.certificate }, keepalive, proxy: false })).text();
  };
  const answers: Promise<string>[] = [];
  const send = async (count: number) => {
    answers.push(...Array.from({ length: count }, ask));
    await waitUntil("all requests are in flight", () => held.length === answers.length);
  };
  await send(8);
  const before = await shownAt(listener.port);
  listener.swap(second);
  expect(await shownAt(listener.port)).not.toBe(before);
  // New ones are taken while the former listener still waits for its own.
  await send(8);
  for (const release of held) release();
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["answered"]));
  await listener.stop();
});

test("TLS 1.2 has only cipher suites with authenticated encryption, for certificates of either kind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-listener-"));
  for (const kind of [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]]) {
    const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    await $`openssl req -x509 -newkey ${kind} -nodes -keyout ${keyFile} -out ${certificateFile} -days 9 -subj /CN=localhost`.quiet();
    const chain = readFileSync(certificateFile, "utf8");
    const privateKey = readFileSync(keyFile, "utf8");
    const certificate = { chain, privateKey, expiresAt: Date.now() + 86_400_000 };
    const fetch = () => new Response("");
    const listener = openListener({ hostname: "127.0.0.1", port: 0, certificate, fetch });
    const negotiated = async (...options: string[]) => {
      const address = `127.0.0.1:${listener.port}`;
      const client = await $`openssl s_client -connect ${address} ${options} < /dev/null`.quiet().nothrow();
      return /Cipher is ([A-Z][\w-]+)/.exec(client.stdout.toString())?.[1];
    };
    const accepted: string[] = [];
    for (
      let offered = "ALL:@SECLEVEL=0";
      ;
      offered = `ALL:${accepted.map((one) => `!${one}:`).join("")}@SECLEVEL=0`
    ) {
      const cipher = await negotiated("-tls1_2", "-cipher", offered);
      if (cipher === undefined) break;
      accepted.push(cipher);
    }
    const algorithm = kind[0] === "ec" ? "ECDSA" : "RSA";
    expect(accepted.toSorted()).toEqual([
      `ECDHE-${algorithm}-AES128-GCM-SHA256`,
      `ECDHE-${algorithm}-AES256-GCM-SHA384`,
      `ECDHE-${algorithm}-CHACHA20-POLY1305`,
    ]);
    expect(await negotiated("-tls1_3")).toStartWith("TLS_");
    expect(await negotiated("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")).toBeUndefined();
    await listener.stop();
  }
  rmSync(folder, { recursive: true });
}, 60_000);

test("a port that another server has is refused, although certificates are changed by sharing it", async () => {
  const authority = await makeAuthority(Date.now());
  const certificate = await issue(authority, ["localhost"], [], Date.now());
  const options = { hostname: "127.0.0.1", certificate, fetch: () => new Response("") };
  const first = openListener({ ...options, port: 0 });
  expect(() => openListener({ ...options, port: first.port })).toThrow(/EADDRINUSE|in use/);
  await first.stop();
});
