import { expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_CATEGORY_CHUNKS, MAX_CHUNK_ITEMS } from "./limits.ts";
import { putInventory } from "./upload.ts";
import { parseUsualUpload } from "./usual-upload.ts";

const HASH = "0123456789abcdef".repeat(4);
const GAPS = [{ kind: "unreadable", subject: "/etc/x", reason: "not a regular file", count: 2 }];
const PACKAGES = { root: HASH, chunks: [HASH], totalItems: 2, gaps: GAPS, durationMs: 12 };
const USUAL = { categories: { packages: PACKAGES }, chunks: { [HASH]: [{ key: "a" }, null] } };

test("the upload of our sensor needs no schema", () => {
  for (const usual of [USUAL, { categories: USUAL.categories }, { categories: {} }])
    expect(parseUsualUpload(usual)).toEqual(putInventory.body.parse(usual));
});

/** Values at the limits, and of other types. */
const value = fc.oneof(
  fc.constantFrom<unknown>(HASH, `${HASH}\n`, HASH.toUpperCase(), HASH.slice(1), "", GAPS, [GAPS], [{}]),
  fc.constantFrom<unknown>(null, undefined, -1, 0, 1, 1.5, 2 ** 53, true, {}, [], [null], [HASH]),
  fc.constantFrom(MAX_CATEGORY_CHUNKS, MAX_CATEGORY_CHUNKS + 1).map((length) => new Array(length).fill(HASH)),
  fc.constantFrom(MAX_CHUNK_ITEMS, MAX_CHUNK_ITEMS + 1).map((length) => new Array(length).fill(0)),
  fc.constantFrom<unknown>(PACKAGES, { ...PACKAGES, other: 1 }, { root: HASH }, { [HASH]: [0], a: [0] }),
);
const NAMES = {
  body: ["categories", "chunks", "collectedAt", "other", "__proto__"],
  categories: ["packages", "users", "other", "constructor", "__proto__"],
  packages: [...Object.keys(PACKAGES), "other", "__proto__"],
  chunks: [HASH, "f".repeat(64), "other", "__proto__"],
};

test("the schema returns the same for every upload that is parsed without it", () => {
  let parsed = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(NAMES) as (keyof typeof NAMES)[])),
      fc.array(fc.tuple(fc.nat(), value, fc.boolean()), { maxLength: 2 }),
      (part, changes) => {
        const body = structuredClone(USUAL);
        const { categories, chunks } = body;
        const changed = { body, categories, packages: categories.packages, chunks }[part];
        for (const [index, other, isRemoved] of changes) {
          const name = NAMES[part][index % NAMES[part].length]!;
          if (isRemoved) Reflect.deleteProperty(changed, name);
          else Object.defineProperty(changed, name, { value: other, enumerable: true, configurable: true });
        }
        const received: unknown = JSON.parse(JSON.stringify(body));
        const usual = parseUsualUpload(received);
        if (usual === undefined) return;
        parsed++;
        expect(putInventory.body.safeParse(received)).toEqual({ success: true, data: usual });
      },
    ),
    { numRuns: 3_000 },
  );
  expect(parsed).toBeGreaterThan(100);
});
