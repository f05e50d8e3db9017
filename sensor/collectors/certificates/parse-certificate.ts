// Parses the first certificate in a file: PEM or DER (X.509, RFC 5280). A file may also contain its chain and
// its private key, which are not looked at. The runtime's parser loads half of its library first, which takes
// longer than all other work of this category.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { readAlternativeNames } from "./alternative-names.ts";
import { describeKey } from "./certificate-key.ts";
import { contentOf, DerError, type DerValue, firstValue, objectIdOf, TAG, valuesIn } from "./der.ts";
import { formatName, type NamePart, readName } from "./distinguished-name.ts";
import { signatureName } from "./signature-name.ts";

type Facts = Omit<Item<"certificates">, "key" | "path" | "usedBy">;

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";
const MAX_DER_BYTES = 256 * 1024;
/** Alternative names that are reported. */
export const MAX_NAMES = 200;

/** The certificate, `none` if the file has none, or `damaged`. */
export function parseCertificateFile(bytes: Uint8Array): Facts | "none" | "damaged" {
  const der = bytes[0] === TAG.sequence ? bytes : firstInPem(bytes);
  if (der === undefined) return "none";
  if (der.length > MAX_DER_BYTES) return "damaged";
  try {
    return readCertificate(firstValue(der));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    // A DER file of this kind can be a key or a request.
    return bytes[0] === TAG.sequence ? "none" : "damaged";
  }
}

/** Files of trusted roots have hundreds. */
export function countInPem(bytes: Uint8Array, upTo: number): number {
  const text = bufferOf(bytes);
  let count = 0;
  for (let at = text.indexOf(BEGIN); at >= 0 && count < upTo; at = text.indexOf(BEGIN, at + BEGIN.length))
    count += 1;
  return count;
}

function firstInPem(bytes: Uint8Array): Uint8Array | undefined {
  const text = bufferOf(bytes);
  const start = text.indexOf(BEGIN);
  if (start < 0) return undefined;
  const end = text.indexOf(END, start);
  const base64 = text.toString("latin1", start + BEGIN.length, end < 0 ? text.length : end);
  return Buffer.from(base64, "base64");
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Context-specific tags of a certificate. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

function readCertificate(certificate: DerValue): Facts | "damaged" {
  const [signed, algorithm, signature] = valuesIn(contentOf(certificate, TAG.sequence));
  contentOf(signature, TAG.bitString);
  const fields = valuesIn(contentOf(signed, TAG.sequence));
  const hasVersion = fields[0]?.tag === VERSION;
  const [serial, , issuer, validity, subject, key, ...others] = hasVersion ? fields.slice(1) : fields;
  const [notBefore, notAfter] = valuesIn(contentOf(validity, TAG.sequence)).map(readTime);
  if (notBefore === undefined || notAfter === undefined) return "damaged";
  const extensions = readExtensions(others);
  const names = readNames(extensions);
  const subjectName = readName(subject);
  const selfSigned = isSame(subject, issuer) && subjectName.length > 0;
  return {
    name: factText(commonName(subjectName) ?? names[0] ?? "", 300),
    subject: factText(formatName(subjectName), 1_000),
    issuer: factText(formatName(readName(issuer)), 1_000),
    alternativeNames: names.map((name) => factText(name, 300)),
    serialNumber: factText(formatInteger(contentOf(serial, TAG.integer)), 100),
    fingerprint: new Bun.CryptoHasher("sha256").update(certificate.whole).digest("hex"),
    notBefore,
    notAfter,
    ...describeKey(key),
    signatureAlgorithm: signatureName(algorithm),
    selfSigned,
    authority: hasVersion ? isAuthority(extensions) : selfSigned,
  };
}

function isSame(left: DerValue | undefined, right: DerValue | undefined): boolean {
  return left !== undefined && right !== undefined && Buffer.compare(left.whole, right.whole) === 0;
}

function commonName(name: readonly NamePart[][]): string | undefined {
  return (
    name
      .flat()
      .findLast(({ kind }) => kind === "CN")
      ?.value.trim() || undefined
  );
}

/** Hexadecimal, in two's complement in DER. */
function formatInteger(bytes: Uint8Array): string {
  const negative = (bytes[0] ?? 0) >= 0x80;
  let carry = 1;
  const magnitude = Buffer.from(bytes);
  for (let at = magnitude.length - 1; negative && at >= 0; at -= 1) {
    const byte = (~(magnitude[at] ?? 0) & 0xff) + carry;
    magnitude[at] = byte;
    carry = byte >> 8;
  }
  const start = magnitude.findIndex((byte) => byte !== 0);
  return start < 0 ? "0" : (negative ? "-" : "") + magnitude.toString("hex", start);
}

/** `YYMMDDhhmmssZ` until 2049, then `YYYYMMDDhhmmssZ` (RFC 5280, 4.1.2.5). */
function readTime({ tag, content }: DerValue): string | undefined {
  const text = Buffer.from(content).toString("latin1");
  const isShort = tag === TAG.utcTime;
  if (!isShort && tag !== TAG.generalizedTime) throw new DerError("no time");
  const [, year = "", month, day, hour, minute, second] =
    (isShort ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
      text,
    ) ?? [];
  const century = isShort ? (Number(year) < 50 ? "20" : "19") : "";
  const formatted = `${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  return Number.isNaN(Date.parse(formatted)) ? undefined : formatted;
}

type Extensions = ReadonlyMap<string, DerValue>;

/** The value of each extension that can be read. */
function readExtensions(fields: readonly DerValue[]): Extensions {
  const extensions = new Map<string, DerValue>();
  const all = fields.find(({ tag }) => tag === EXTENSIONS);
  if (all === undefined) return extensions;
  for (const extension of valuesIn(contentOf(firstValue(all.content), TAG.sequence))) {
    const parts = valuesIn(contentOf(extension, TAG.sequence));
    extensions.set(objectIdOf(parts[0]), firstValue(contentOf(parts.at(-1), TAG.octetString)));
  }
  return extensions;
}

function readNames(extensions: Extensions): string[] {
  const names = extensions.get("2.5.29.17");
  return names === undefined ? [] : readAlternativeNames(names);
}

const KEY_CERT_SIGN = 0x04;

/** Basic constraints say so, and the use of the key, if there is one, does not forbid it. */
function isAuthority(extensions: Extensions): boolean {
  const constraints = extensions.get("2.5.29.19");
  const use = extensions.get("2.5.29.15");
  if (constraints === undefined) return false;
  const [isCa] = valuesIn(contentOf(constraints, TAG.sequence));
  const mayCertify = use === undefined || ((contentOf(use, TAG.bitString)[1] ?? 0) & KEY_CERT_SIGN) !== 0;
  return mayCertify && isCa?.tag === TAG.boolean && isCa.content[0] !== 0;
}
