// Parses the first certificate in a file: PEM or DER (X.509, RFC 5280). A file may also contain its chain and
// its private key, which are not looked at.
import type { X509Certificate } from "node:crypto";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { formatIpv6 } from "../ip-address.ts";

type Facts = Omit<Item<"certificates">, "key" | "path" | "usedBy">;

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";
const MAX_DER_BYTES = 256 * 1024;
const MAX_NAMES = 200;
const CURVE_BITS: Record<string, number> = {
  prime256v1: 256,
  secp256k1: 256,
  secp384r1: 384,
  secp521r1: 521,
  secp224r1: 224,
};

/** The certificate, `none` if the file has none, or `damaged`. `count`: in PEM. */
export function parseCertificateFile(bytes: Uint8Array): Facts | "none" | "damaged" {
  const der = bytes[0] === 0x30 ? bytes : firstInPem(bytes);
  if (der === undefined) return "none";
  if (der.length > MAX_DER_BYTES) return "damaged";
  try {
    // Loaded here, because it takes longer than all other work of this category.
    const { X509Certificate } = require("node:crypto") as typeof import("node:crypto");
    return factsOf(new X509Certificate(der));
  } catch {
    // A DER file of this kind can be a key or a request.
    return bytes[0] === 0x30 ? "none" : "damaged";
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

function factsOf(certificate: X509Certificate): Facts | "damaged" {
  const notBefore = timeOf(certificate.validFromDate);
  const notAfter = timeOf(certificate.validToDate);
  if (notBefore === undefined || notAfter === undefined) return "damaged";
  const names = alternativeNames(certificate.subjectAltName ?? "");
  const subject = nameOf(certificate.subject);
  const issuer = nameOf(certificate.issuer);
  return {
    name: factText(commonName(certificate.subject) ?? names[0] ?? "", 300),
    subject: factText(subject, 1_000),
    issuer: factText(issuer, 1_000),
    alternativeNames: names.slice(0, MAX_NAMES).map((name) => factText(name, 300)),
    serialNumber: factText(certificate.serialNumber.toLowerCase(), 100),
    fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
    notBefore,
    notAfter,
    ...keyOf(certificate),
    signatureAlgorithm: algorithmOf(certificate),
    selfSigned: certificate.subject === certificate.issuer && subject !== "",
    authority: certificate.ca,
  };
}

/** Years have four digits. */
function timeOf(date: Date): string | undefined {
  const text = Number.isNaN(date.getTime()) ? "" : date.toISOString();
  return /^\d{4}-/.test(text) ? text.replace(/\.\d{3}Z$/, "Z") : undefined;
}

/** One attribute a line, in which special characters have a backslash. */
function nameOf(distinguishedName: string | undefined): string {
  return (distinguishedName ?? "").split("\n").filter(Boolean).join(", ");
}

function commonName(distinguishedName: string | undefined): string | undefined {
  const line = (distinguishedName ?? "").split("\n").findLast((each) => each.startsWith("CN="));
  return line?.slice("CN=".length).replace(/\\(.)/g, "$1").trim() || undefined;
}

/** Names and addresses of hosts. Addresses of users are left out. A value with a comma is in quotes. */
function alternativeNames(text: string): string[] {
  return splitOutsideQuotes(text).flatMap((entry) => {
    const colon = entry.indexOf(":");
    const kind = entry.slice(0, colon);
    const value = entry
      .slice(colon + 1)
      .replaceAll('"', "")
      .trim();
    if (kind === "DNS" || kind === "URI") return value || [];
    return kind === "IP Address" ? formatAddress(value) : [];
  });
}

function splitOutsideQuotes(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (isQuoted && text[at] === "\\") at += 1;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && text[at] === "," && text[at + 1] === " ") {
      parts.push(text.slice(start, at));
      start = at + 2;
    }
  }
  return [...parts, text.slice(start)];
}

/** `FD00:0:0:0:0:0:0:1` → `fd00::1`. */
function formatAddress(text: string): string {
  const groups = text.split(":").map((group) => Number.parseInt(group, 16));
  if (groups.length !== 8 || !groups.every((group) => group >= 0 && group <= 0xffff)) return text;
  return formatIpv6(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function keyOf(certificate: X509Certificate): Pick<Facts, "keyType" | "keyBits"> {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    const bits =
      asymmetricKeyDetails?.modulusLength ?? CURVE_BITS[asymmetricKeyDetails?.namedCurve ?? ""] ?? undefined;
    return { keyType: asymmetricKeyType && factText(asymmetricKeyType, 40), keyBits: bits };
  } catch {
    // A kind of key that the runtime does not know.
    return {};
  }
}

function algorithmOf(certificate: X509Certificate): string | undefined {
  const { signatureAlgorithm } = certificate as X509Certificate & { signatureAlgorithm?: string };
  return signatureAlgorithm ? factText(signatureAlgorithm, 100) : undefined;
}
