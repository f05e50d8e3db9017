// Items as the bytes of their canonical JSON, outside of the runtime's heap. As objects or texts, fifty
// thousand items take several times the memory, and each collection of garbage looks at all of them.
import { canonicalJson, type Json } from "@attacklens/protocol/canonical-json.ts";

/** The key of an item, and where its bytes are. */
export interface ItemText {
  key: string;
  part: number;
  start: number;
  bytes: number;
}

export type ItemTexts = ReturnType<typeof openItemTexts>;

const PART_BYTES = 512 * 1024;

export function openItemTexts() {
  const parts: Buffer[] = [];
  /** Bytes in use of the last part. */
  let filled = 0;
  return {
    add(item: { key: string }): ItemText {
      const text = canonicalJson(item as unknown as Json);
      const bytes = Buffer.byteLength(text);
      let part = parts.at(-1);
      if (part === undefined || filled + bytes > part.length) {
        part = Buffer.allocUnsafeSlow(Math.max(bytes, PART_BYTES));
        parts.push(part);
        filled = 0;
      }
      const start = filled;
      filled += part.write(text, start);
      return { key: item.key, part: parts.length - 1, start, bytes };
    },
    read({ part, start, bytes }: ItemText): Uint8Array {
      return (parts[part] as Buffer).subarray(start, start + bytes);
    },
  };
}
