import { expect, test } from "bun:test";
import fc from "fast-check";
import { drawnCases } from "../../../harness/long-tests.ts";
import { type HiveKey, writeHive } from "../../testing/write-hive.ts";
import { type Hive, openHive } from "./hive.ts";

const text = (content: string) => ({ type: 1, bytes: Buffer.from(`${content}\0`, "utf16le") });
const open = (bytes: Buffer) => openHive((offset, length) => bytes.subarray(offset, offset + length));
const key = (name: string, children: HiveKey[] = [], values: HiveKey["values"] = []): HiveKey => ({
  name,
  values,
  children,
});

/** Every key and value, as one object. */
function contentOf(hive: Hive, path: string[] = []): unknown {
  const values = [...(hive.findValues(path) ?? [])].map(([name, { type, bytes }]) => [
    name,
    type,
    Buffer.from(bytes).toString("hex"),
  ]);
  const keys = hive.listKeys(path).map((name) => [name, contentOf(hive, [...path, name])]);
  return { values: values.toSorted(), keys: keys.toSorted() };
}

test("reads keys and values of every form", () => {
  const long = Buffer.alloc(40_000, "0123456789abcdef");
  const hive = open(
    writeHive(
      key("ROOT", [
        key("Software", [key("Größe"), key("Программа", [], [{ name: "имя", value: text("значение") }])]),
        key(
          "Many",
          Array.from({ length: 1_700 }, (_, index) => key(`key ${index}`)),
        ),
        key(
          "Values",
          [],
          [
            { name: "", value: text("default") },
            { name: "Short", value: { type: 4, bytes: Buffer.from([1, 2, 3, 4]) } },
            { name: "Odd", value: { type: 1, bytes: Buffer.from([0x41, 0, 0x42]) } },
            { name: "Empty", value: { type: 1, bytes: Buffer.alloc(0) } },
            { name: "Long", value: { type: 3, bytes: long } },
          ],
        ),
      ]),
    ),
  );
  expect(hive.listKeys([])).toEqual(["Many", "Software", "Values"]);
  expect(hive.listKeys(["many"])).toHaveLength(1_700);
  expect(hive.findValues(["MANY", "KEY 1699"])).toEqual(new Map());
  expect(hive.findValues(["Software", "ГРУППА"])).toBeUndefined();
  expect(hive.listKeys(["SOFTWARE"]).toSorted()).toEqual(["Größe", "Программа"]);
  expect(hive.findValues(["software", "программа"])?.get("имя")).toEqual(text("значение"));
  const values = hive.findValues(["Values"])!;
  expect([...values.keys()]).toEqual(["", "short", "odd", "empty", "long"]);
  expect(values.get("short")?.bytes).toEqual(Buffer.from([1, 2, 3, 4]));
  expect(values.get("odd")?.bytes).toHaveLength(3);
  expect(values.get("empty")?.bytes).toHaveLength(0);
  expect(Buffer.from(values.get("long")!.bytes).equals(long)).toBe(true);
});

test("says that Windows did not finish writing a hive", () => {
  const bytes = writeHive(key("ROOT"));
  expect(open(bytes).isUnfinished).toBe(false);
  bytes.writeUInt32LE(2, 4);
  expect(open(bytes).isUnfinished).toBe(true);
});

test("refuses a file that is not a hive", () => {
  expect(() => open(Buffer.from("MZ not a hive"))).toThrow("not a hive");
  expect(() => open(Buffer.alloc(8_192))).toThrow("not a hive");
});

test("a damaged hive ends, and reads nothing outside of the file", () => {
  const whole = writeHive(
    key("ROOT", [
      key("A", [key("B"), key("C"), key("D")], [{ name: "v", value: text("text") }]),
      key("E", [], [{ name: "long", value: { type: 3, bytes: Buffer.alloc(50_000, 7) } }]),
    ]),
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.integer({ min: 0, max: 255 }) }), {
        maxLength: 30,
      }),
      fc.nat(whole.length),
      (changes, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        for (const { at, byte } of changes) if (at < length) bytes[at] = byte;
        try {
          contentOfDepth(open(bytes), []);
        } catch (error) {
          expect((error as Error).message).toMatch(/not a hive|first key is damaged/);
        }
      },
    ),
    { numRuns: drawnCases(3_000) },
  );
});

/** A damaged list may make a key its own child. */
function contentOfDepth(hive: Hive, path: string[]): void {
  hive.findValues(path);
  if (path.length < 4)
    for (const name of hive.listKeys(path).slice(0, 20)) contentOfDepth(hive, [...path, name]);
}

test("any tree of keys is read as it was written", () => {
  const { tree } = fc.letrec<{ tree: HiveKey }>((tie) => ({
    tree: fc.record({
      name: fc
        .string({ minLength: 1, maxLength: 20, unit: "grapheme" })
        .filter((name) => !name.includes("\\")),
      values: fc.uniqueArray(
        fc.record({
          name: fc.string({ maxLength: 10 }),
          value: fc.record({
            type: fc.nat(11),
            bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
          }),
        }),
        { selector: ({ name }) => name.toLowerCase(), maxLength: 5 },
      ),
      children: fc
        .uniqueArray(fc.option(tie("tree"), { maxDepth: 3, depthSize: "small" }), {
          selector: (child) => child?.name.toLowerCase(),
          maxLength: 4,
        })
        .map((all) => all.filter((child) => child !== null)),
    }),
  }));
  const expected = ({ values, children }: HiveKey): unknown => ({
    values: values
      .map(({ name, value }) => [name.toLowerCase(), value.type, Buffer.from(value.bytes).toString("hex")])
      .toSorted(),
    keys: children.map((child) => [child.name, expected(child)]).toSorted(),
  });
  fc.assert(
    fc.property(tree, (root) => {
      expect(contentOf(open(writeHive(root)))).toEqual(expected(root));
    }),
    { numRuns: drawnCases(300) },
  );
});
