import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { canonicalJson, type Json } from "../canonical-json.ts";
import { bucketOf, cutChunks, rootHash } from "./chunks.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const items = fc.uniqueArray(fc.record({ key: fc.string({ minLength: 1 }), version: fc.string() }), {
  selector: ({ key }) => key,
  maxLength: 300,
});
const hashes = (list: { key: string }[]) => cutChunks("packages", list, sha256).map(({ hash }) => hash);

test("chunks contain every item once, and do not depend on the order of the items", () => {
  fc.assert(
    fc.property(items, (list) => {
      const chunks = cutChunks("packages", list, sha256);
      const held = chunks.flatMap(({ content }) => JSON.parse(content) as { key: string }[]);
      expect(held.map(({ key }) => key).toSorted()).toEqual(list.map(({ key }) => key).toSorted());
      expect(chunks.reduce((sum, { itemCount }) => sum + itemCount, 0)).toBe(list.length);
      expect(hashes(list.toReversed())).toEqual(chunks.map(({ hash }) => hash));
    }),
  );
});

test("one changed item changes one chunk and the root hash", () => {
  fc.assert(
    fc.property(items, fc.nat(), (list, pick) => {
      fc.pre(list.length > 0);
      const changed = list.map((item, index) =>
        index === pick % list.length ? { ...item, version: `${item.version}+1` } : item,
      );
      const [before, after] = [hashes(list), hashes(changed)];
      expect(after.filter((hash) => !before.includes(hash))).toHaveLength(1);
      expect(rootHash(after, sha256)).not.toBe(rootHash(before, sha256));
    }),
  );
});

test("rejects two items with the same key", () => {
  expect(() => cutChunks("ports", [{ key: "a" }, { key: "a" }], sha256)).toThrow(
    "two items of ports have the key a",
  );
});

test("the bucket is the CRC-32 of the key modulo the number of buckets", () => {
  expect(bucketOf("packages", "dpkg:openssl:amd64")).toBe(crcExample());
  function crcExample(): number {
    // Uses another implementation of CRC-32. Packages have 64 buckets.
    return Bun.hash.crc32("dpkg:openssl:amd64") % 64;
  }
});

test("canonical JSON sorts members, omits undefined ones and escapes text according to RFC 8785", () => {
  expect(canonicalJson({ b: 1, a: [true, null, "\u20ac\n"], c: undefined })).toBe(
    '{"a":[true,null,"€\\n"],"b":1}',
  );
  expect(canonicalJson([1e21, 0.000001, -0])).toBe("[1e+21,0.000001,0]");
  expect(() => canonicalJson(Number.NaN)).toThrow("finite");
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
