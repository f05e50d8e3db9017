/**
 * Text of Windows: UTF-16 or UTF-8 with a byte order mark, else UTF-8, or UTF-16 if every other byte is zero.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, second] = buffer;
  if (first === 0xff && second === 0xfe) return buffer.toString("utf16le", 2, buffer.length & ~1);
  if (first === 0xfe && second === 0xff)
    return Buffer.from(buffer.subarray(2, buffer.length & ~1))
      .swap16()
      .toString("utf16le");
  if (buffer.length >= 4 && first !== 0 && second === 0 && buffer[3] === 0)
    return buffer.toString("utf16le", 0, buffer.length & ~1);
  return buffer.toString("utf8").replace(/^\ufeff/, "");
}
