import { expect, test } from "bun:test";
import {
  addressGroup,
  addressKey,
  addressOfKey,
  addressRange,
  clientAddressOf,
  isInNetworks,
  isLoopback,
  parseNetwork,
} from "./networks.ts";

test("a network is normalized to its shortest notation, and any other text is refused", () => {
  expect(parseNetwork("10.1.2.3/16")).toBe("10.1.0.0/16");
  expect(parseNetwork("10.1.2.3")).toBe("10.1.2.3/32");
  expect(parseNetwork("2001:DB8:0:0::1/32")).toBe("2001:db8::/32");
  for (const text of [
    "",
    "10.1",
    "0x0a.1.2.3",
    "10.1.2.3/33",
    "10.1.2.3/-1",
    "::/129",
    "10.0.0.0/8/8",
    "a/8",
    "1/8",
  ])
    expect([text, parseNetwork(text)]).toEqual([text, undefined]);
});

test("an address is only in networks of its address family; an IPv4-mapped address counts as IPv4", () => {
  expect(isInNetworks("10.1.2.3", ["10.1.0.0/16"])).toBe(true);
  expect(isInNetworks("::ffff:10.1.2.3", ["10.1.0.0/16"])).toBe(true);
  expect(isInNetworks("10.2.2.3", ["10.1.0.0/16"])).toBe(false);
  expect(isInNetworks("2001:db8::5", ["10.1.0.0/16", "2001:db8::/32"])).toBe(true);
  expect(isInNetworks("unknown", ["0.0.0.0/0", "::/0"])).toBe(false);
});

test("the client is the right-most hop that is not a trusted proxy", () => {
  const trusted = ["10.0.0.0/8", "::1/128"];
  const client = (peer: string, hops: string | null) => clientAddressOf(peer, hops, trusted);
  expect(client("203.0.113.5", "198.51.100.1")).toBe("203.0.113.5");
  expect(client("10.0.0.1", "198.51.100.1")).toBe("198.51.100.1");
  expect(client("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2")).toBe("198.51.100.1");
  expect(client("10.0.0.1", null)).toBe("10.0.0.1");
  expect(client("::1", "2001:DB8::5")).toBe("2001:db8::5");
  expect(client("10.0.0.1", "::ffff:198.51.100.1")).toBe("198.51.100.1");
  expect(client("10.0.0.1", "198.51.100.1, unknown")).toBe("10.0.0.1");
  expect(clientAddressOf("10.0.0.1", "198.51.100.1", [])).toBe("10.0.0.1");
});

test("an IPv6 address is counted by its /64 and its /48, an IPv4 address only as a whole", () => {
  const groups = {
    "2001:db8:1:2:3:4:5:6": ["2001:db8:1:2::/64", "2001:db8:1::/48"],
    "fe80::1%eth0": ["fe80::/64", "fe80::/48"],
    "192.0.2.7": ["192.0.2.7", "192.0.2.7"],
    "::ffff:192.0.2.7": ["192.0.2.7", "192.0.2.7"],
    unknown: ["unknown", "unknown"],
  };
  for (const [address, [of64, of48]] of Object.entries(groups))
    expect(addressGroup(address)).toEqual({ address: of64!, network: of48! });
  for (const address of ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
    expect([address, isLoopback(address)]).toEqual([address, true]);
  expect(isLoopback("192.0.2.7")).toBe(false);
});

test("keys sort like the addresses, and an address is in a network exactly if its key is in the range", () => {
  const addresses = [
    ...["0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.0.9", "10.0.0.10", "10.0.255.255", "10.1.0.0"],
    ...["10.255.255.255", "11.0.0.0", "127.0.0.1", "255.255.255.255"],
    ...["::", "::1", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8::1:0:0:1"],
    ...[
      "2001:db8:0:1::5",
      "2001:db8:8000::",
      "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
      "2001:db9::",
      "fe80::1",
    ],
  ];
  const networks = [
    ...["0.0.0.0/0", "10.0.0.0/8", "10.0.0.9/30", "10.0.0.0/15", "10.0.0.10", "10.0.0.10/32", "128.0.0.0/1"],
    ...["::/0", "2001:db8::/32", "2001:db8::/33", "2001:db8:0:1::/64", "2001:db8::1:0:0:1", "fe80::/10"],
  ];
  expect(addresses.map(addressKey).toSorted()).toEqual(addresses.map(addressKey));
  expect(addresses.map((address) => addressOfKey(addressKey(address)))).toEqual(addresses);
  for (const network of networks) {
    const { first, last } = addressRange(network)!;
    const inRange = addresses.filter((one) => addressKey(one) >= first && addressKey(one) <= last);
    const inNetwork = addresses.filter((one) => isInNetworks(one, [parseNetwork(network)!]));
    expect([network, ...inRange]).toEqual([network, ...inNetwork]);
  }
  expect(addressRange("::ffff:10.0.0.0/104")).toEqual(addressRange("10.0.0.0/8")!);
  expect(addressKey("::ffff:10.0.0.7")).toBe(addressKey("10.0.0.7"));
  expect(addressRange("2001:DB8::0:7")).toEqual(addressRange("2001:db8::7")!);
  for (const text of ["10.0.0", "10.0.0.0/33", "2001:db8::/129", "web-01"])
    expect(addressRange(text)).toBeUndefined();
  expect(addressOfKey(addressKey("unknown"))).toBe("unknown");
});
