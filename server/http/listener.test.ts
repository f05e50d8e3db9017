import { expect, test } from "bun:test";
import { connect } from "node:tls";
import { waitUntil } from "../../tests/support/wait-until.ts";
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

test("a port that another server has is refused, although certificates are changed by sharing it", async () => {
  const authority = await makeAuthority(Date.now());
  const certificate = await issue(authority, ["localhost"], [], Date.now());
  const options = { hostname: "127.0.0.1", certificate, fetch: () => new Response("") };
  const first = openListener({ ...options, port: 0 });
  expect(() => openListener({ ...options, port: first.port })).toThrow(/EADDRINUSE|in use/);
  await first.stop();
});
