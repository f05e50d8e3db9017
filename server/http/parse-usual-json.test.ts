// The fast parser returns what the parser of untrusted JSON returns, or leaves the text to it.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { drawnCases } from "../../harness/long-tests.ts";
import { parseJson } from "./parse-json.ts";
import { parseUsualJson } from "./parse-usual-json.ts";

const limits = { values: 40, items: 20 };

test("whatever the fast parser accepts, the other one accepts with the same value", async () => {
  const short = fc.constantFrom("a", "b", "1", "__proto__", "toJSON", "é", "\u2028", "\ud800");
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, 0, -0, 1e21, 0.1, "", '"', "x\u0000"),
      short,
      fc.array(tie("any"), { maxLength: 5 }),
      fc.dictionary(short, tie("any"), { maxKeys: 4 }),
    ),
  })).any;
  const pieces = fc.constantFrom(
    '"a":1,',
    "{",
    "}",
    "[",
    "]",
    ",",
    " ",
    "-0",
    "1e2",
    '"\\u0061":1',
    "\ufeff",
  );
  const changed = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), pieces)
    .map(
      ([text, at, piece]) =>
        text.slice(0, at % (text.length + 1)) + piece + text.slice(at % (text.length + 1)),
    );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        value.map((one) => JSON.stringify(one)),
        fc.json(),
        changed,
      ),
      async (text) => {
        const usual = parseUsualJson(text, limits);
        if (usual !== undefined) expect(await parseJson(text, limits)).toEqual(usual);
      },
    ),
    { numRuns: drawnCases(6_000) },
  );
});

test("accepts what our programs send, and leaves every other text to the other parser", () => {
  const inventory = { packages: { status: "collected", root: "a".repeat(64), durationMs: 12 } };
  const sent = { protocolVersion: 1, sensorVersion: "2026.11.0", inventory };
  expect(parseUsualJson(JSON.stringify(sent), limits)).toEqual(sent);
  const members = (count: number, from = 0) =>
    `{${Array.from({ length: count }, (_, at) => `"m${from + at}":0`).join()}}`;
  const many = { values: 5_000, items: 5_000 };
  for (const usual of [members(256), `[${members(256)},${members(256)},${members(256, 256)}]`])
    expect(parseUsualJson(usual, many)).toBeDefined();
  for (const left of [
    members(257),
    `[${members(256)},${members(256, 256)},${members(1, 512)}]`,
    `${"[".repeat(9)}${"]".repeat(9)}`,
    `"${"x".repeat(128 * 1024)}"`,
    `"${"x".repeat(32 * 1024)}${":".repeat(5_001)}"`,
    `"${"x".repeat(32 * 1024)}${"[{".repeat(2_501)}"`,
    '{"a":1,"a":1}',
    '{"a": 1}',
    "",
  ])
    expect(parseUsualJson(left, many)).toBeUndefined();
  for (const text of [":".repeat(5_000), "[{".repeat(2_500)])
    expect(parseUsualJson(`"${"x".repeat(32 * 1024)}${text}"`, many)).toBeDefined();
  expect(parseUsualJson(`[${"0,".repeat(20)}0]`, many)).toBeDefined();
  expect(parseUsualJson(`[${"0,".repeat(20)}0]`, limits)).toBeUndefined();
  expect(parseUsualJson(`[[0,0],[0,0]]`, { values: 6, items: 9 })).toBeUndefined();
});
