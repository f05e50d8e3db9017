import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { $ } from "bun";
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

test("a certificate is changed under load, and nobody is refused", async () => {
  const authority = await makeAuthority(Date.now());
  const names = ["localhost", "127.0.0.1"];
  const [first, second] = [
    await issue(authority, names, [], Date.now()),
    await issue(authority, names, [], Date.now()),
  ];
  const listener = openListener({
    hostname: "127.0.0.1",
    port: 0,
    certificate: first,
    fetch: async () => {
      await Bun.sleep(5);
      return new Response("answered");
    },
  });
  const before = await shownAt(listener.port);
  let stop = false;
  const load = Array.from({ length: 8 }, async (_, index) => {
    let answered = 0;
    while (!stop) {
      const reply = await fetch(`https://localhost:${listener.port}/`, {
        tls: { ca: authority.certificate },
        keepalive: index % 2 === 0,
        proxy: false,
      });
      expect(await reply.text()).toBe("answered");
      answered++;
    }
    return answered;
  });
  await Bun.sleep(50);
  listener.swap(second);
  await Bun.sleep(50);
  const after = await shownAt(listener.port);
  stop = true;
  expect(Math.min(...(await Promise.all(load)))).toBeGreaterThan(1);
  expect(after).not.toBe(before);
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
