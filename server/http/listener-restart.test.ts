// A listener that opens and stops while clients connect, as at a restart of the server.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { issue, makeAuthority } from "../certificates/x509.ts";
import { openListener } from "./listener.ts";

/** Some kernels let only root attach the filter that a listener has when it stops. */
const isPermitted = process.platform === "linux" && process.getuid?.() === 0;

/** A program that opens connections to a port at once, and prints the reply that each one got. */
const CLIENTS = `
const [port, count, isTls] = process.argv.slice(1);
const { connect } = require(isTls === "true" ? "node:tls" : "node:net");
const ask = () => new Promise((resolve) => {
  const socket = connect({ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false });
  let reply = "";
  socket.write("GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n");
  socket.on("data", (data) => { reply += data });
  socket.once("error", (error) => resolve(error.message));
  socket.once("close", () => resolve(reply.split("\\r\\n\\r\\n")[1] ?? "closed"));
});
console.log(JSON.stringify(await Promise.all(Array.from({ length: Number(count) }, ask))));`;

/** The established connections to a port of this host, as the kernel sees them. */
const connectionsTo = (port: number) =>
  readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .filter((line) =>
      new RegExp(`^ *\\d+: \\S+ 0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} 01`).test(line),
    ).length;

test.skipIf(!isPermitted)(
  "a listener that stops replies to each client that has connected",
  async () => {
    const authority = await makeAuthority(Date.now());
    for (const certificate of [undefined, await issue(authority, ["localhost"], [], Date.now())]) {
      const fetch = () => new Response("answered");
      const listener = openListener({ hostname: "127.0.0.1", port: 0, certificate, fetch });
      const args = [String(listener.port), "20", String(certificate !== undefined)];
      const clients = Bun.spawn([process.execPath, "-e", CLIENTS, ...args], { stdout: "pipe" });
      // Without a pause, so that the listener has not seen any of them when it stops.
      const end = Date.now() + 30_000;
      while (connectionsTo(listener.port) < 20 && Date.now() < end);
      await listener.stop();
      const replies = (await new Response(clients.stdout).json()) as string[];
      expect(replies).toEqual(Array.from(replies, () => "answered"));
      expect(replies).toHaveLength(20);
    }
  },
  60_000,
);

/** A program that connects to a port again and again, until its input ends. It prints all failures. */
const HASTY_CLIENTS = `
const { connect } = require("node:net");
const failures = new Set();
let [answered, isOver] = [0, false];
process.stdin.once("end", () => { isOver = true }).resume();
const ask = () => new Promise((resolve) => {
  const socket = connect({ host: "127.0.0.1", port: Number(process.argv[1]) });
  socket.write("GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n");
  socket.once("data", () => answered++);
  socket.once("error", ({ code }) => { if (code !== "ECONNREFUSED") failures.add(code) });
  socket.once("close", resolve);
});
await Promise.all(Array.from({ length: 8 }, async () => { while (!isOver) await ask(); }));
console.log(JSON.stringify({ answered, failures: [...failures] }));`;

test.skipIf(!isPermitted)(
  "a listener that opens and stops under load resets no connection",
  async () => {
    const options = { hostname: "127.0.0.1", certificate: undefined, sharing: "first" as const };
    const unused = openListener({ ...options, port: 0, fetch: () => new Response("") });
    const { port } = unused;
    await unused.stop();
    const args = [process.execPath, "-e", HASTY_CLIENTS, String(port)];
    const clients = Bun.spawn(args, { stdin: "pipe", stdout: "pipe" });
    for (let opened = 0; opened < 4; opened++) {
      const { promise: isAsked, resolve } = Promise.withResolvers<void>();
      let asked = 0;
      const fetch = () => {
        if (++asked === 3) resolve();
        return new Response("answered");
      };
      const listener = openListener({ ...options, port, fetch });
      await isAsked;
      await listener.stop();
    }
    clients.stdin.end();
    const seen = (await new Response(clients.stdout).json()) as { answered: number; failures: string[] };
    expect(seen.failures).toEqual([]);
    expect(seen.answered).toBeGreaterThanOrEqual(12);
  },
  60_000,
);
