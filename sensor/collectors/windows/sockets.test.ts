import { expect, test } from "bun:test";
import { parseSocketTable, portItems } from "./sockets.ts";

function table(rows: Buffer[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(rows.length);
  return Buffer.concat([count, ...rows]);
}

function tcp4(state: number, address: number[], port: number, pid: number): Buffer {
  const row = Buffer.alloc(24);
  row.writeUInt32LE(state, 0);
  Buffer.from(address).copy(row, 4);
  row.writeUInt16BE(port, 8);
  row.writeUInt32LE(pid, 20);
  return row;
}

function tcp6(state: number, port: number, pid: number): Buffer {
  const row = Buffer.alloc(56);
  row.writeUInt16BE(port, 20);
  row.writeUInt32LE(state, 48);
  row.writeUInt32LE(pid, 52);
  return row;
}

test("reads sockets that listen, and no connections", () => {
  const bytes = table([
    tcp4(2, [0, 0, 0, 0], 445, 4),
    tcp4(5, [10, 0, 0, 5], 49_152, 7),
    tcp4(2, [127, 0, 0, 1], 65_535, 912),
  ]);
  expect(parseSocketTable("tcp4", bytes)).toEqual([
    { protocol: "tcp", address: "0.0.0.0", port: 445, pid: 4 },
    { protocol: "tcp", address: "127.0.0.1", port: 65_535, pid: 912 },
  ]);
  expect(parseSocketTable("tcp6", table([tcp6(2, 135, 8), tcp6(1, 136, 8)]))).toEqual([
    { protocol: "tcp", address: "::", port: 135, pid: 8 },
  ]);
});

test("reads UDP, which has no state", () => {
  const v4 = Buffer.from([192, 0, 2, 9, 0x14, 0xe9, 0, 0, 1, 2, 0, 0]);
  const v6 = Buffer.alloc(28);
  v6[15] = 1;
  v6.writeUInt16BE(123, 20);
  v6.writeUInt32LE(99, 24);
  expect(parseSocketTable("udp4", table([v4]))).toEqual([
    { protocol: "udp", address: "192.0.2.9", port: 5_353, pid: 513 },
  ]);
  expect(parseSocketTable("udp6", table([v6]))).toEqual([
    { protocol: "udp", address: "::1", port: 123, pid: 99 },
  ]);
});

test("reads no further than the bytes that there are", () => {
  const bytes = table([tcp4(2, [0, 0, 0, 0], 80, 1), tcp4(2, [0, 0, 0, 0], 81, 1)]);
  expect(parseSocketTable("tcp4", bytes.subarray(0, 40))).toHaveLength(1);
  expect(parseSocketTable("tcp4", Buffer.from([0xff, 0xff, 0xff, 0xff]))).toEqual([]);
  expect(parseSocketTable("udp6", Buffer.alloc(2))).toEqual([]);
});

test("asks once for each process, and keeps a socket whose process has ended", () => {
  const asked: number[] = [];
  const items = portItems(
    [
      { protocol: "udp", address: "0.0.0.0", port: 5_353, pid: 20 },
      { protocol: "udp", address: "0.0.0.0", port: 5_353, pid: 10 },
      { protocol: "udp", address: "0.0.0.0", port: 5_353, pid: 10 },
      { protocol: "tcp", address: "::", port: 80, pid: 10 },
      { protocol: "tcp", address: "::", port: 81, pid: 30 },
      { protocol: "tcp", address: "::", port: 82, pid: 0 },
    ],
    (pid) => {
      asked.push(pid);
      return pid === 30 ? undefined : { name: `p${pid}.exe`, executable: `C:\\p${pid}.exe`, user: "SYSTEM" };
    },
  );
  expect(asked).toEqual([20, 10, 30]);
  expect(items.map(({ key, processes }) => [key, processes.map(({ pid }) => pid)])).toEqual([
    ["udp/0.0.0.0:5353", [10, 20]],
    ["tcp/[::]:80", [10]],
    ["tcp/[::]:81", []],
    ["tcp/[::]:82", []],
  ]);
});
