// Reads property lists of macOS: binary ones (bplist00, CFBinaryPList.c) and XML (plist(5)). Our own reader,
// because the files are of the host: its limits hold for hostile ones too, and the sensor gets no further
// dependency. It does not read the formats of NeXT and of keyed archives.
import { readBinaryPropertyList } from "./binary-property-list.ts";
import type { PlistValue } from "./plist-value.ts";
import { readXmlPropertyList } from "./xml-property-list.ts";

/** Throws DamagedPlist. */
export function parsePropertyList(bytes: Uint8Array): PlistValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.subarray(0, 6).toString("latin1") === "bplist"
    ? readBinaryPropertyList(buffer)
    : readXmlPropertyList(decode(buffer));
}

/** Files of macOS are UTF-8. Other tools write UTF-16 with a byte order mark. */
function decode(buffer: Buffer): string {
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return buffer.subarray(2).toString("utf16le");
  if (buffer[0] === 0xfe && buffer[1] === 0xff)
    return Buffer.from(buffer.subarray(2, buffer.length & ~1))
      .swap16()
      .toString("utf16le");
  return buffer.toString("utf8").replace(/^\ufeff/, "");
}
