// The text of a file that an operator wrote with a tool of another system. PowerShell writes UTF-16, and some
// editors begin a file with a byte order mark.

/** Decodes UTF-8 and UTF-16 in both byte orders, with or without a byte order mark, and removes the mark. */
export function decodeText(bytes: Uint8Array): string {
  // The decoder removes the mark of its encoding.
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

const SAMPLE_BYTES = 512;

/** Without a mark, only UTF-16 has a zero in each second byte: files of operators begin with ASCII. */
function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const sample = bytes.subarray(0, Math.min(SAMPLE_BYTES, bytes.length & ~1));
  if (sample.length < 2) return "utf-8";
  const isZero = (first: number) => sample.every((byte, at) => (byte === 0) === (at % 2 === first));
  if (isZero(1)) return "utf-16le";
  return isZero(0) ? "utf-16be" : "utf-8";
}
