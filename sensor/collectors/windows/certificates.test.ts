import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { certificateItem } from "@attacklens/protocol/inventory/certificates.ts";
import type { Gap } from "@attacklens/protocol/inventory/gaps.ts";
import { makeCa } from "../../../harness/certificates.ts";
import { registryOf } from "../../testing/reg-file.ts";
import { findCertificate, readCertificates } from "./certificates.ts";

const MY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SystemCertificates\\MY\\Certificates";
const HTTP = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\SslBindingInfo";
const hex = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString("hex")
    .replace(/..(?!$)/g, "$&,");

function property(number: number, content: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(number, 0);
  head.writeUInt32LE(1, 4);
  head.writeUInt32LE(content.length, 8);
  return Buffer.concat([head, content]);
}

test("reads the certificates of this host, and what uses them", async () => {
  const { certificate } = await makeCa("Example");
  const { raw, fingerprint } = new X509Certificate(certificate);
  const thumbprint = fingerprint.replaceAll(":", "");
  const blob = Buffer.concat([property(2, Buffer.from("PLANTED key container")), property(32, raw)]);
  const registry = registryOf(
    [
      "Windows Registry Editor Version 5.00",
      `[${MY}\\${thumbprint}]`,
      `"Blob"=hex:${hex(blob)}`,
      `[${MY}\\DAMAGED]`,
      '"Blob"=hex:01,02,03',
      `[${HTTP}\\0.0.0.0:443]`,
      `"SslCertHash"=hex:${hex(Buffer.from(thumbprint, "hex"))}`,
    ].join("\n"),
  );
  const gaps: Gap[] = [];
  const items = readCertificates(registry, (gap) => gaps.push(gap)).map((item) =>
    certificateItem.parse(item),
  );
  expect(items).toMatchObject([
    {
      key: `LocalMachine\\MY\\${thumbprint}`,
      usedBy: ["HTTP 0.0.0.0:443"],
      path: `LocalMachine\\MY\\${thumbprint}`,
    },
  ]);
  expect(JSON.stringify(items)).not.toContain("PLANTED");
  expect(gaps).toEqual([
    { kind: "damaged", subject: "LocalMachine\\MY\\DAMAGED", reason: "no valid certificate" },
  ]);
});

test("finds the certificate among the properties, and nothing behind the end", () => {
  const blob = Buffer.concat([property(3, Buffer.alloc(20)), property(32, Buffer.from("der"))]);
  expect(findCertificate(blob)?.toString()).toBe("der");
  for (let length = 0; length < blob.length; length += 1)
    expect(findCertificate(blob.subarray(0, length))).toBeUndefined();
});
