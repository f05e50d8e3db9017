import { expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import fc from "fast-check";
import { openHostFiles } from "../host-files.ts";
import { diagnoseListeningSockets } from "./inet-diag.ts";
import { type DiagnosedSocket, encodeRequest, readReply } from "./netlink.ts";
import { collectPorts } from "./ports.ts";

async function listen(options: { host: string; ipv6Only?: boolean }) {
  const server = createServer().listen({ port: 0, ...options });
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => server.close() };
}

const why = process.platform === "linux" ? "" : " (skipped: only on Linux)";

test.skipIf(why !== "")(`tells sockets for IPv6 only from those for both${why}`, async () => {
  using both = await listen({ host: "::" });
  using only = await listen({ host: "::", ipv6Only: true });
  using local = await listen({ host: "127.0.0.1" });
  // Where the kernel has no inet_diag, the tables in /proc/net do not say it.
  const isDiagnosed = (await diagnoseListeningSockets()) !== undefined;
  const items = [...(await collectPorts(openHostFiles()))];
  const found = (port: number) => {
    // Another program may use the same port of another address.
    const [item] = items.filter(
      (each) => each.port === port && each.processes.some(({ pid }) => pid === process.pid),
    );
    return [item?.protocol, item?.address, item?.ipv6Only];
  };
  expect(found(both.port)).toEqual(["tcp", "::", isDiagnosed ? false : undefined]);
  expect(found(only.port)).toEqual(["tcp", "::", isDiagnosed ? true : undefined]);
  expect(found(local.port)).toEqual(["tcp", "127.0.0.1", undefined]);
});

/** A reply of the kernel: sockets of UDP, then the end. */
function makeReply(sequence: number): Buffer {
  const socket = Buffer.alloc(16 + 72 + 8);
  socket.writeUInt32LE(socket.length, 0);
  socket.writeUInt16LE(20, 4);
  socket.writeUInt32LE(sequence, 8);
  socket[16] = 10;
  socket.writeUInt16BE(546, 20);
  socket.set([0xfe, 0x80, ...Array.from({ length: 13 }, () => 0), 1], 24);
  socket.writeUInt32LE(3, 56);
  socket.writeUInt32LE(4711, 84);
  socket.set([5, 0, 11, 0, 1], 88);
  const end = Buffer.alloc(20);
  end.writeUInt32LE(end.length, 0);
  end.writeUInt16LE(3, 4);
  end.writeUInt32LE(sequence, 8);
  return Buffer.concat([socket, end]);
}

test("a reply of the kernel has the address, interface and inode of each socket", () => {
  const sockets: DiagnosedSocket[] = [];
  expect(readReply(makeReply(2), 2, sockets)).toBe(true);
  expect(sockets).toEqual([
    { address: "fe80::1", port: 546, interfaceIndex: 3, inode: 4711, ipv6Only: true },
  ]);
  expect(readReply(makeReply(1), 2, sockets)).toBe(false);
  expect(sockets).toHaveLength(1);
  expect(encodeRequest("ipv6", "udp", 2).toString("hex")).toBe(
    `4800000014000103${"02000000"}00000000${"0a110000"}80000000${"00".repeat(48)}`,
  );
});

test("any bytes are a reply, or an error", () => {
  const changes = fc.array(fc.tuple(fc.nat(115), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.nat(116), (changed, length) => {
      const bytes = makeReply(1);
      for (const [at, value] of changed) bytes[at] = value;
      try {
        readReply(bytes.subarray(0, length), 1, []);
      } catch (error) {
        expect((error as Error).message).toMatch(/^the (?:reply|list|kernel)/);
      }
    }),
  );
});
