import { expect, test } from "bun:test";
import fc from "fast-check";
import { matchesPattern } from "./hostname-patterns.ts";

test("a pattern matches like the equivalent regular expression", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "-", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(letters, patterns, (name, pattern) => {
      const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
      expect(matchesPattern(name, pattern)).toBe(expression.test(name));
    }),
  );
});
