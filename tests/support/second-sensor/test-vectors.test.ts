// The page's test vectors, by an implementation that shares no code with ours.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { canonicalJson, cutIntoChunks, type Item } from "./inventory-chunks.ts";
import {
  base62,
  fingerprintOf,
  isServersAnswer,
  keyProof,
  parseToken,
  privateKeyOf,
  publicKeyTextOf,
  signedHeaders,
} from "./signed-requests.ts";

const page = readFileSync(new URL("../../../docs/sensor-protocol.md", import.meta.url), "utf8");
const vectors = JSON.parse(/## Test vectors[\s\S]*?```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "");
const key = privateKeyOf(Buffer.from(vectors.key.seed, "hex"));
const token = `atl_enr_${vectors.token.base62}${vectors.token.checksum}`;

test("derives the public key and its fingerprint from the seed", () => {
  expect(publicKeyTextOf(key)).toBe(vectors.key.publicKey);
  expect(fingerprintOf(vectors.key.publicKey)).toBe(vectors.key.fingerprint);
});

test("reads the token, and finds a mistyped character in it", () => {
  expect(base62(BigInt(`0x${vectors.token.secret}`), 43)).toBe(vectors.token.base62);
  expect(parseToken("atl_enr_", token)).toBe(token);
  expect(() => parseToken("atl_enr_", token.replace("yhg", "yhh"))).toThrow("mistyped");
});

test.each([
  ["enroll", { authorization: `Bearer ${token}` }],
  ["checkIn", { "sensor-boot": vectors.checkIn.sensorBoot }],
])("signs %s", (name, covered) => {
  const { contentDigest, signatureInput, signature, ...request } = vectors[name];
  expect(signedHeaders({ ...request, key, covered })).toEqual({
    ...covered,
    "content-digest": contentDigest,
    "signature-input": signatureInput,
    signature,
  });
});

test("proves that it has a key", () => {
  expect(keyProof(key, vectors.proof.sensorId)).toBe(vectors.proof.signature);
});

test("knows the server's own answer, and no other", () => {
  const { status, body, serverKey, contentDigest, signatureInput, signature } = vectors.answer;
  const headers = { "content-digest": contentDigest, "signature-input": signatureInput, signature };
  const answer = { status, headers, body: Buffer.from(body) };
  expect(publicKeyTextOf(privateKeyOf(Buffer.from(vectors.answer.seed, "hex")))).toBe(serverKey);
  expect(isServersAnswer(answer, serverKey, vectors.checkIn.signature)).toBe(true);
  expect(isServersAnswer(answer, vectors.key.publicKey, vectors.checkIn.signature)).toBe(false);
  expect(isServersAnswer(answer, serverKey, vectors.enroll.signature)).toBe(false);
  expect(isServersAnswer({ ...answer, status: 403 }, serverKey, vectors.checkIn.signature)).toBe(false);
  expect(
    isServersAnswer({ ...answer, body: Buffer.from(`${body} `) }, serverKey, vectors.checkIn.signature),
  ).toBe(false);
});

test("cuts the packages into chunks", () => {
  const { root, chunks } = cutIntoChunks("packages", vectors.packages.items as Item[]);
  expect(Object.entries(chunks).map(([hash, content]) => ({ hash, content }))).toEqual(
    vectors.packages.chunks,
  );
  expect(root).toBe(vectors.packages.root);
  expect(canonicalJson([{ ö: 1, z: [true, null], aa: "\u20ac\u001f" }])).toBe(
    '[{"aa":"€\\u001f","z":[true,null],"ö":1}]',
  );
});
