import { describe, expect, test } from "bun:test";
import { isIP } from "node:net";
import fc from "fast-check";
import { ipVersion } from "./ip-address.ts";

describe("the version of an IP address", () => {
  const part = fc.oneof(
    fc.constantFrom(
      ":",
      "::",
      ".",
      "%",
      "%eth0",
      "0",
      "1",
      "25",
      "255",
      "256",
      "ffff",
      "fe80",
      "g",
      "-",
      "_",
    ),
    fc.ipV4(),
    fc.ipV6(),
  );

  test("is that of the runtime for any text", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 17 }), (parts) => {
        const text = parts.join("");
        expect({ text, version: ipVersion(text) }).toEqual({ text, version: isIP(text) as 0 | 4 | 6 });
      }),
      { numRuns: 1_000 },
    );
  });

  test("is that of the runtime around eight groups", () => {
    const group = fc.constantFrom("0", "a1", "FFFF", "");
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 5, maxLength: 10 }),
        fc.constantFrom("", ":1.2.3.4", "1.2.3.4", "%1"),
        (groups, end) => {
          const text = groups.join(":") + end;
          expect({ text, version: ipVersion(text) }).toEqual({ text, version: isIP(text) as 0 | 4 | 6 });
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
