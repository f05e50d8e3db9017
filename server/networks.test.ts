import { expect, test } from "bun:test";
import {
  addressGroup,
  addressRanges,
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

test("the texts of a network's addresses begin with its prefixes", () => {
  expect(addressRanges("::ffff:10.0.0.7")).toEqual({ exact: ["10.0.0.7"], prefixes: [] });
  expect(addressRanges("2001:DB8::0:7")).toEqual({ exact: ["2001:db8::7"], prefixes: [] });
  expect(addressRanges("10.0.0.9/30")?.exact).toEqual(["10.0.0.8", "10.0.0.9", "10.0.0.10", "10.0.0.11"]);
  expect(addressRanges("10.0.0.0/24")).toEqual({ exact: [], prefixes: ["10.0.0."] });
  expect(addressRanges("10.3.0.0/15")).toEqual({ exact: [], prefixes: ["10.2.", "10.3."] });
  expect(addressRanges("10.3.0.0/8")).toEqual({ exact: [], prefixes: ["10."] });
  expect(addressRanges("0.0.0.0/0")?.prefixes).toHaveLength(256);
  for (const text of ["2001:db8::/32", "10.0.0.0/33", "10.0", "", "x"])
    expect(addressRanges(text)).toBeUndefined();
});
