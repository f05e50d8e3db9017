import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { $ } from "bun";
import { waitUntil } from "../../harness/wait-until.ts";
import { issue, makeAuthority, type ServerCertificate } from "../certificates/x509.ts";
import { openCertificateSwap } from "./certificate-swap.ts";
import { type Listener, openListener } from "./listener.ts";

const swapOf = (listener: Listener) => {
  const { swap } = openCertificateSwap({ listeners: [listener], sharers: () => [] });
  return (certificate: ServerCertificate) => swap({ certificate, roots: undefined });
};

const shownAt = (port: number) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once("error", reject);
  });

/** Opens a connection, sends one request, and reads until the end. */
const askOnce = (port: number) =>
  new Promise<{ reply: string; fingerprint: string }>((resolve, reject) => {
    let [reply, fingerprint] = ["", ""];
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      fingerprint = socket.getPeerCertificate().fingerprint256;
      socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    });
    socket.on("data", (data) => {
      reply += data.toString();
    });
    socket.once("close", () => resolve({ reply, fingerprint }));
    socket.once("error", reject);
  });

test("requests that are in flight during a certificate change get their replies", async () => {
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
  await swapOf(listener)(second);
  expect(await shownAt(listener.port)).not.toBe(before);
  // The new listener accepts requests while the former one still waits for its requests.
  await send(8);
  for (const release of held) release();
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["answered"]));
  await listener.stop();
});

test.skipIf(process.platform !== "linux")(
  "a certificate change resets no connection, and new connections get the new certificate",
  async () => {
    const authority = await makeAuthority(Date.now());
    const certificates: ServerCertificate[] = [];
    for (let made = 0; made < 2; made++)
      certificates.push(await issue(authority, ["127.0.0.1"], [], Date.now()));
    const [first, second] = certificates as [ServerCertificate, ServerCertificate];
    const fetch = () => new Response("answered");
    const listener = openListener({ hostname: "127.0.0.1", port: 0, certificate: first, fetch });
    let expected = first;
    let isOver = false;
    let opened = 0;
    const failures: unknown[] = [];
    const underWay = new Set<Promise<void>>();
    const open = async () => {
      const { chain } = expected;
      try {
        const { reply, fingerprint } = await askOnce(listener.port);
        const shown = new X509Certificate(chain).fingerprint256;
        if (!reply.includes("answered") || (fingerprint !== shown && chain === expected.chain))
          failures.push({ reply, fingerprint });
      } catch (error) {
        failures.push(error);
      }
      opened++;
    };
    const openers = Array.from({ length: 6 }, async () => {
      while (!isOver) {
        const opening = open();
        underWay.add(opening);
        await opening;
        underWay.delete(opening);
      }
    });
    const swap = swapOf(listener);
    for (let swaps = 0; swaps < 30; swaps++) {
      const before = [...underWay];
      const openedBefore = opened;
      expected = swaps % 2 === 0 ? second : first;
      await swap(expected);
      // Wait for connections from before this change, so that the next change does not have to.
      await Promise.all(before);
      await waitUntil("more are opened", () => opened > openedBefore + 6);
    }
    isOver = true;
    await Promise.all(openers);
    expect(failures).toEqual([]);
    await listener.stop();
  },
  120_000,
);

test.skipIf(process.platform !== "linux")(
  "a kept-alive connection is closed after its next reply once the certificate has changed",
  async () => {
    const authority = await makeAuthority(Date.now());
    const issued = () => issue(authority, ["127.0.0.1"], [], Date.now());
    const fetch = () => new Response("answered");
    const listener = openListener({ hostname: "127.0.0.1", port: 0, certificate: await issued(), fetch });
    const socket = connect({ host: "127.0.0.1", port: listener.port, rejectUnauthorized: false });
    let read = "";
    const closed = new Promise<void>((resolve, reject) => {
      socket.once("close", () => resolve()).once("error", reject);
    });
    socket.on("data", (data) => {
      read += data.toString();
    });
    const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    socket.write(request);
    await waitUntil("the first reply", () => read.includes("answered"));
    expect(read).not.toMatch(/connection: close/i);
    await swapOf(listener)(await issued());
    read = "";
    socket.write(request);
    await closed;
    expect(read).toMatch(/connection: close[\s\S]*answered/i);
    await listener.stop();
  },
);

test("TLS 1.2 offers only cipher suites with authenticated encryption, for RSA and ECDSA certificates", async () => {
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
}, 120_000);

test("a port of another server is refused, although a certificate change shares the port", async () => {
  const authority = await makeAuthority(Date.now());
  const certificate = await issue(authority, ["localhost"], [], Date.now());
  const options = { hostname: "127.0.0.1", certificate, fetch: () => new Response("") };
  const first = openListener({ ...options, port: 0 });
  expect(() => openListener({ ...options, port: first.port })).toThrow(/EADDRINUSE|in use/);
  await first.stop();
});

test.skipIf(process.platform !== "linux")(
  "processes of one server share a port, and another server cannot join it",
  async () => {
    for (const certificate of [
      undefined,
      await issue(await makeAuthority(Date.now()), ["::1"], [], Date.now()),
    ]) {
      const options = { hostname: "127.0.0.1", certificate, fetch: () => new Response("") };
      const first = openListener({ ...options, port: 0, sharing: "first" });
      const second = openListener({ ...options, port: first.port, sharing: "joined" });
      expect(second.port).toBe(first.port);
      expect(() => openListener({ ...options, port: first.port, sharing: "first" })).toThrow(/in use/);
      expect(() => openListener({ ...options, port: first.port })).toThrow(/in use/);
      await first.stop();
      expect(() => openListener({ ...options, port: first.port, sharing: "first" })).toThrow(/in use/);
      await second.stop();
    }
  },
);

test.skipIf(process.platform !== "linux")(
  "with several listeners, only those with the new certificate get connections, also while the others leave",
  async () => {
    const authority = await makeAuthority(Date.now());
    const issued = () => issue(authority, ["127.0.0.1"], [], Date.now());
    const earlier = await issued();
    const latest = await issued();
    const fetch = () => new Response("answered");
    const options = { hostname: "127.0.0.1", certificate: earlier, fetch };
    const first = openListener({ ...options, port: 0, sharing: "first" });
    const others = [1, 2, 3].map(() => openListener({ ...options, port: first.port, sharing: "joined" }));
    const shown: string[] = [];
    const look = async (times: number) => {
      for (let time = 0; time < times; time++) shown.push((await askOnce(first.port)).fingerprint);
    };
    const { swap, endEarlier } = openCertificateSwap({
      listeners: [first],
      sharers: () =>
        others.map((other) => ({
          add: async () => other.add(latest),
          async dropEarlier() {
            await look(3);
            other.dropEarlier();
            await look(3);
          },
        })),
    });
    await swap({ certificate: latest, roots: undefined });
    await look(24);
    await endEarlier();
    await look(12);
    expect(new Set(shown)).toEqual(new Set([new X509Certificate(latest.chain).fingerprint256]));
    for (const listener of [first, ...others]) await listener.stop();
  },
);
