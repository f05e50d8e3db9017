import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Issued, makeCa, makeLeaf } from "../../harness/certificates.ts";
import { readTlsFiles } from "./tls-files.ts";

let folder: string;
let root: Issued;
let intermediate: Issued;
let leaf: Issued;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "attacklens-tls-files-"));
  root = await makeCa("root");
  intermediate = await makeCa("intermediate", { issuer: root });
  leaf = await makeLeaf(intermediate);
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(chain: string | Uint8Array, key: string | Uint8Array) {
  const [certificateFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  writeFileSync(certificateFile, chain);
  writeFileSync(keyFile, key);
  return readTlsFiles(certificateFile, keyFile);
}

test("files with byte order marks and in UTF-16 are the same as without", () => {
  const chain = `${leaf.certificate}\n${intermediate.certificate}\n`;
  const plain = read(chain, leaf.privateKey);
  expect(plain.chain).toBe(chain);
  const marked = (text: string) => `\ufeff${text}`;
  const utf16 = (text: string) => Buffer.from(marked(text), "utf16le");
  expect(read(marked(chain), marked(leaf.privateKey))).toEqual(plain);
  expect(read(utf16(chain), utf16(leaf.privateKey))).toEqual(plain);
  // Two files, joined.
  expect(read(`${marked(leaf.certificate)}\n${marked(intermediate.certificate)}\n`, leaf.privateKey)).toEqual(
    plain,
  );
});

test("the server's own certificate must come first", () => {
  const path = join(folder, "tls.crt");
  for (const chain of [
    [intermediate, leaf],
    [root, intermediate, leaf],
    [intermediate, leaf, root],
  ])
    expect(() => read(chain.map(({ certificate }) => certificate).join("\n"), leaf.privateKey)).toThrow(
      `Cannot use ${path}: the server's own certificate must come first\nhint: put it before its intermediate certificates`,
    );
});

test("a key of another certificate is named as such", () => {
  expect(() => read(leaf.certificate, intermediate.privateKey)).toThrow("it is not the private key of");
  expect(() => read("-----BEGIN CERTIFICATE-----\nx\n", leaf.privateKey)).toThrow(
    "it is not a certificate in PEM",
  );
  expect(() => readTlsFiles(join(folder, "missing"), join(folder, "missing"))).toThrow("does not exist");
});
