// The name of a certificate's subject or issuer (RFC 5280, 4.1.2.4) as text: `C=DE, O=Example\, Inc.`, with
// backslashes as in RFC 4514, in the order of the certificate.
import { contentOf, type DerValue, objectIdOf, TAG, valuesIn } from "./der.ts";

export interface NamePart {
  /** The short name of the kind, or its number. */
  kind: string;
  value: string;
}

/** Below 2.5.4. */
const X520: Record<string, string> = {
  "3": "CN",
  "4": "SN",
  "5": "serialNumber",
  "6": "C",
  "7": "L",
  "8": "ST",
  "9": "street",
  "10": "O",
  "11": "OU",
  "12": "title",
  "13": "description",
  "15": "businessCategory",
  "16": "postalAddress",
  "17": "postalCode",
  "20": "telephoneNumber",
  "41": "name",
  "42": "GN",
  "43": "initials",
  "44": "generationQualifier",
  "46": "dnQualifier",
  "65": "pseudonym",
  "72": "role",
  "97": "organizationIdentifier",
};
const OTHERS: Record<string, string> = {
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
  "1.2.840.113549.1.9.2": "unstructuredName",
};
const STRING = { utf8: 0x0c, universal: 0x1c, bmp: 0x1e };

/** The parts that belong together, in order. Throws DerError. */
export function readName(name: DerValue | undefined): NamePart[][] {
  return valuesIn(contentOf(name, TAG.sequence)).map((set) =>
    valuesIn(contentOf(set, TAG.set)).map((part) => {
      const [id, value] = valuesIn(contentOf(part, TAG.sequence));
      return { kind: kindOf(objectIdOf(id)), value: value ? textOf(value) : "" };
    }),
  );
}

export function formatName(name: readonly NamePart[][]): string {
  return name
    .map((parts) => parts.map(({ kind, value }) => `${kind}=${escaped(value)}`).join(" + "))
    .join(", ");
}

function kindOf(id: string): string {
  return (id.startsWith("2.5.4.") && X520[id.slice("2.5.4.".length)]) || OTHERS[id] || id;
}

function textOf({ tag, content }: DerValue): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (tag === STRING.utf8) return bytes.toString("utf8");
  const width = tag === STRING.bmp ? 2 : tag === STRING.universal ? 4 : 1;
  if (width === 1) return bytes.toString("latin1");
  let text = "";
  for (let at = 0; at + width <= bytes.length; at += width) {
    const point = bytes.readUIntBE(at, width);
    text += point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point);
  }
  return text;
}

function escaped(value: string): string {
  return value.replace(/[,+"\\<>;]|^[# ]| $/g, (mark) => `\\${mark}`);
}
