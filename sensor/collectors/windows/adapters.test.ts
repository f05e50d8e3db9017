import { expect, test } from "bun:test";
import { networkItem } from "@attacklens/protocol/inventory/network.ts";
import { registryOf } from "../../testing/reg-file.ts";
import { adapterItems, parseAdapters } from "./adapters.ts";

const BASE = 0x7fff_1234_0000n;
const CLASS =
  "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e972-e325-11ce-bfc1-08002be10318}";
const registry = registryOf(
  [
    "Windows Registry Editor Version 5.00",
    `[${CLASS}\\0001]`,
    '"NetCfgInstanceId"="{AAAA}"',
    '"Characteristics"=dword:00000084',
  ].join("\n"),
);

/** A buffer with structures that point to each other, as Windows fills it. */
function memory() {
  const parts: Buffer[] = [];
  let length = 0;
  const add = (bytes: Buffer): bigint => {
    const address = BASE + BigInt(length);
    const padded = Buffer.alloc(Math.ceil(bytes.length / 8) * 8);
    bytes.copy(padded);
    parts.push(padded);
    length += padded.length;
    return address;
  };
  const list = (addresses: string[], size: number, prefix?: number): bigint => {
    let next = 0n;
    for (const address of addresses.toReversed()) {
      const entry = Buffer.alloc(size);
      entry.writeBigUInt64LE(next, 8);
      entry.writeBigUInt64LE(add(socketAddress(address)), 16);
      if (prefix !== undefined) entry[56] = prefix;
      next = add(entry);
    }
    return next;
  };
  return { add, list, bytes: () => Buffer.concat(parts) };
}

function socketAddress(address: string): Buffer {
  const bytes = Buffer.alloc(28);
  if (address.includes(":")) {
    bytes.writeUInt16LE(23, 0);
    Buffer.from(address.replaceAll(":", ""), "hex").copy(bytes, 8);
  } else {
    bytes.writeUInt16LE(2, 0);
    Buffer.from(address.split(".").map(Number)).copy(bytes, 4);
  }
  return bytes;
}

function adapterMemory(): Buffer {
  const head = Buffer.alloc(448);
  const { add, list, bytes } = memory();
  add(head);
  const text = (content: string) => add(Buffer.from(`${content}\0`, "utf16le"));
  head.writeBigUInt64LE(0n, 8);
  head.writeBigUInt64LE(add(Buffer.from("{AAAA}\0")), 16);
  head.writeBigUInt64LE(list(["10.0.0.5"], 64, 24), 24);
  head.writeBigUInt64LE(
    list(["10.0.0.53", "20010db8:0000:0000:0000:0000:0000:0053".replace("20010db8", "2001:0db8")], 32),
    48,
  );
  head.writeBigUInt64LE(text("corp.example.com"), 56);
  head.writeBigUInt64LE(text("Ethernet Ä"), 72);
  Buffer.from("525400123456", "hex").copy(head, 80);
  head.writeUInt32LE(6, 88);
  head.writeUInt32LE(1_500, 96);
  head.writeUInt32LE(6, 100);
  head.writeUInt32LE(1, 104);
  head.writeBigUInt64LE(1_000_000_000n, 184);
  head.writeBigUInt64LE(list(["10.0.0.1"], 32), 208);
  head.writeUInt32LE(25, 216);
  const all = bytes();
  head.copy(all);
  return all;
}

test("reads an adapter with its addresses, gateways and DNS servers", () => {
  const items = adapterItems(parseAdapters(adapterMemory(), BASE), registry);
  expect(items.map((item) => networkItem.parse(item))).toEqual([
    {
      key: "interface:Ethernet Ä",
      kind: "interface",
      name: "Ethernet Ä",
      type: "physical",
      mac: "52:54:00:12:34:56",
      addresses: ["10.0.0.5/24"],
      up: true,
      mtu: 1_500,
      speedMbps: 1_000,
    },
    {
      key: "route:0.0.0.0/0 via 10.0.0.1 dev Ethernet Ä",
      kind: "route",
      destination: "0.0.0.0/0",
      gateway: "10.0.0.1",
      interface: "Ethernet Ä",
      metric: 25,
    },
    {
      key: "resolver:Ethernet Ä",
      kind: "resolver",
      interface: "Ethernet Ä",
      servers: ["10.0.0.53", "2001:db8::53"],
      search: [],
      domain: "corp.example.com",
    },
  ]);
});

test("leaves out loopback", () => {
  const [adapter] = parseAdapters(adapterMemory(), BASE);
  expect(adapterItems([{ ...adapter!, type: 24 }], registry)).toEqual([]);
});

test("follows no pointer out of the buffer, and no loop", () => {
  const whole = adapterMemory();
  for (let length = 0; length < whole.length; length += 7) parseAdapters(whole.subarray(0, length), BASE);
  whole.writeBigUInt64LE(BASE, 8);
  expect(parseAdapters(whole, BASE)).toHaveLength(1_000);
  whole.writeBigUInt64LE(0xffff_ffff_ffff_fff8n, 8);
  whole.writeBigUInt64LE(1n, 72);
  expect(parseAdapters(whole, BASE)).toMatchObject([{ name: "" }]);
});
