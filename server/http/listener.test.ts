import { expect, test } from "bun:test";
import { connect } from "node:tls";
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

test("a port that another server has is refused, although certificates are changed by sharing it", async () => {
  const authority = await makeAuthority(Date.now());
  const certificate = await issue(authority, ["localhost"], [], Date.now());
  const options = { hostname: "127.0.0.1", certificate, fetch: () => new Response("") };
  const first = openListener({ ...options, port: 0 });
  expect(() => openListener({ ...options, port: first.port })).toThrow(/EADDRINUSE|in use/);
  await first.stop();
});
