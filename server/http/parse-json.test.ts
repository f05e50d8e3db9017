// The parser of request bodies returns the same values as JSON.parse, within limits.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "./parse-json.ts";

const limits = { values: 5_000, items: 1_000 };

/** Long texts are parsed in pieces. This prefix makes any text long. */
const LONG = " ".repeat(70_000);

/** The value, or the message of the refusal. */
async function outcome(text: string, within = limits): Promise<unknown> {
  return await parseJson(text, within).catch((error: Error) => error.message);
}

test("parses the output of JSON.stringify like JSON.parse", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), async (value, isSpaced) => {
      const text = JSON.stringify(value, null, isSpaced ? 2 : 0);
      expect(await parseJson(text, limits)).toEqual(JSON.parse(text));
      expect(await parseJson(LONG + text, limits)).toEqual(JSON.parse(text));
    }),
  );
});

test("refuses every text that JSON.parse refuses", async () => {
  const alphabet = fc.constantFrom(
    ..."{}[]:,\"\\ \n\t019.-+eEtrufalsn'/x\u0001é".split(""),
    "true",
    '"a"',
    "1.5",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(alphabet, { maxLength: 12 }), fc.boolean(), async (parts, isLong) => {
      const text = (isLong ? LONG : "") + parts.join("");
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        expect(String(await outcome(text))).toMatch(
          /^(is not JSON|has an object with two members of one name)$/,
        );
        return;
      }
      const got = await outcome(text);
      // JSON.parse accepts two members of one name; this parser refuses them.
      if (got !== "has an object with two members of one name") expect(got).toEqual(expected);
    }),
    { numRuns: 3_000 },
  );
});

const refused: [string, string, string][] = [
  ["two equal members", '{"a":1,"a":1}', "two members of one name"],
  ["two member names that are equal after unescaping", '{"a":1,"\\u0061":1}', "two members of one name"],
  ["two equal members around an object", '{"a":{"a":1},"b":[{"a":1}],"a":1}', "two members of one name"],
  ["two members called __proto__", '{"__proto__":1,"__proto__":1}', "two members of one name"],
  ["33 levels", `${"[".repeat(33)}${"]".repeat(33)}`, "deeper than 32"],
  ["too many values", `[${`[${"0,".repeat(49)}0],`.repeat(25)}0]`, "more than 1000 values"],
  ["too many elements", `[${"0,".repeat(100)}0]`, "more than 100 elements"],
  [
    "too many members",
    `{${Array.from({ length: 257 }, (_, i) => `"m${i}":0`).join()}}`,
    "more than 256 members",
  ],
  [
    "too many names, in small objects",
    `[${Array.from({ length: 6 }, (_, o) => `{${Array.from({ length: 99 }, (_, i) => `"${o}m${i}":0`).join()}}`).join()}]`,
    "more than 512 different member names",
  ],
  ["a string above the length limit", `"${"x".repeat(70_000)}"`, "more than 65536 characters"],
  ["a number with too many digits", "1".repeat(200), "is not JSON"],
  ["an empty text", "", "is not JSON"],
  ["an escape at the end", '"\\', "is not JSON"],
  ["a byte order mark", '\ufeff{"a":1}', "is not JSON"],
];
for (const [what, text, message] of refused) {
  test(`refuses ${what}`, async () => {
    expect(await outcome(text, { values: 1_000, items: 100 })).toContain(message);
    if (!text.startsWith("\ufeff"))
      expect(await outcome(LONG + text, { values: 1_000, items: 100 })).toContain(message);
  });
}

test("accepts one name in several objects, and treats __proto__ like any other member", async () => {
  const text = '[{"a":{"a":1}},{"a":2},{"__proto__":{"x":1}}]';
  for (const before of ["", LONG]) {
    const value = (await parseJson(before + text, limits)) as Record<string, unknown>[];
    expect(value).toEqual(JSON.parse(text));
    expect(Object.keys(value[2]!)).toEqual(["__proto__"]);
    expect((value[2] as { x?: unknown }).x).toBeUndefined();
  }
});

test("parsing a large body does not block the event loop", async () => {
  const text = `[${Array.from({ length: 300 }, () => `[${"0,".repeat(999)}0]`).join()}]`;
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  await parseJson(text, { values: 400_000, items: 1_000 });
  clearInterval(count);
  expect(turns).toBeGreaterThan(0);
});
