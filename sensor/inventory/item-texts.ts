// The items of a category as the bytes of their canonical JSON, outside of the runtime's heap. As objects or
// texts, fifty thousand items take several times the memory: each of them also keeps the free memory around
// it from being given back.
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";
import { openNameList, openNumberList } from "../collectors/compact-lists.ts";

export type ItemTexts = ReturnType<typeof openItemTexts>;

const PART_BYTES = 512 * 1024;

export function openItemTexts() {
  const parts: Buffer[] = [];
  /** Bytes in use of the last part. */
  let filled = 0;
  const keys = openNameList();
  const places = { part: openNumberList(), start: openNumberList(), bytes: openNumberList() };

  const bytesOf = (nth: number) => places.bytes.find(nth) ?? 0;
  return {
    add(item: { key: string }): void {
      const text = canonicalJson(item as unknown as Json);
      const bytes = Buffer.byteLength(text);
      let part = parts.at(-1);
      if (part === undefined || filled + bytes > part.length) {
        part = Buffer.allocUnsafeSlow(Math.max(bytes, PART_BYTES));
        parts.push(part);
        filled = 0;
      }
      keys.add(item.key);
      places.part.add(parts.length - 1);
      places.start.add(filled);
      places.bytes.add(bytes);
      filled += part.write(text, filled);
    },
    count: keys.count,
    bytesOf,
    read(nth: number): Uint8Array {
      const start = places.start.find(nth) ?? 0;
      return (parts[places.part.find(nth) ?? 0] as Buffer).subarray(start, start + bytesOf(nth));
    },
    /** The number and the key of each item, sorted by key in UTF-16 units, as in the chunks. */
    sorted(): { nth: number; key: string }[] {
      const items = Array.from({ length: keys.count() }, (_, nth) => ({ nth, key: keys.find(nth) ?? "" }));
      return items.sort((left, right) => (left.key < right.key ? -1 : 1));
    },
  };
}
