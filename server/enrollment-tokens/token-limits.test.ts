import { expect, test } from "bun:test";
import fc from "fast-check";
import { isInNetworks, matchesPattern, parseNetwork } from "./token-limits.ts";

test("a network is kept in its shortest text, and what is none is refused", () => {
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

test("an address lies in a network of its own family only; a mapped IPv4 address counts as IPv4", () => {
  expect(isInNetworks("10.1.2.3", ["10.1.0.0/16"])).toBe(true);
  expect(isInNetworks("::ffff:10.1.2.3", ["10.1.0.0/16"])).toBe(true);
  expect(isInNetworks("10.2.2.3", ["10.1.0.0/16"])).toBe(false);
  expect(isInNetworks("2001:db8::5", ["10.1.0.0/16", "2001:db8::/32"])).toBe(true);
  expect(isInNetworks("unknown", ["0.0.0.0/0", "::/0"])).toBe(false);
});

test("a pattern matches as the regular expression with the same meaning does", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "-", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(letters, patterns, (name, pattern) => {
      const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
      expect(matchesPattern(name, pattern)).toBe(expression.test(name));
    }),
  );
});
