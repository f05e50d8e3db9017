// The page's test vectors, checked by an implementation that shares no code with ours.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type CategoryName, canonicalJson, cutIntoChunks, type Item, type Json } from "./inventory-chunks.ts";
import {
  agreementKeyOf,
  base62,
  findRoot,
  fingerprintOf,
  isServersResponse,
  keyProof,
  macKeyOf,
  parseToken,
  privateKeyOf,
  publicKeyTextOf,
  signedHeaders,
} from "./signed-requests.ts";

interface InventoryVector {
  category: CategoryName;
  items: Item[];
  chunks: { hash: string; content: string }[];
  totalItems?: number;
  gaps?: Json[];
  root: string;
}

const page = readFileSync(new URL("../../../docs/sensor-protocol.md", import.meta.url), "utf8");
const vectors = JSON.parse(/## Test vectors[\s\S]*?```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "");
const key = privateKeyOf(Buffer.from(vectors.key.seed, "hex"));
const newKey = privateKeyOf(Buffer.from(vectors.newKey.seed, "hex"));
const ticket = `atl_tkt_${vectors.ticket.base62}${vectors.ticket.checksum}`;
const token = `atl_enr_${vectors.token.base62}${vectors.token.checksum}`;

test.each([vectors.key, vectors.newKey])(
  "derives the public key and its fingerprint from the seed",
  (pair) => {
    expect(publicKeyTextOf(privateKeyOf(Buffer.from(pair.seed, "hex")))).toBe(pair.publicKey);
    expect(fingerprintOf(pair.publicKey)).toBe(pair.fingerprint);
  },
);

test("parses token and ticket, and detects a mistyped character", () => {
  expect(base62(BigInt(`0x${vectors.token.secret}`), 43)).toBe(vectors.token.base62);
  expect(base62(BigInt(`0x${vectors.ticket.secret}`), 43)).toBe(vectors.ticket.base62);
  expect(parseToken("atl_enr_", token)).toBe(token);
  expect(parseToken("atl_tkt_", ticket)).toBe(ticket);
  expect(() => parseToken("atl_enr_", token.replace("yhg", "yhh"))).toThrow("mistyped");
  expect(() => parseToken("atl_enr_", ticket.replace("tkt", "enr"))).toThrow("mistyped");
});

test.each([
  ["enroll", key, { authorization: `Bearer ${token}` }],
  ["reEnroll", newKey, { authorization: `Bearer ${ticket}` }],
  ["checkIn", key, { "sensor-instance": vectors.checkIn.sensorInstance }],
])("signs %s", (name, signer, covered) => {
  const { contentDigest, signatureInput, signature, ...request } = vectors[name];
  expect(signedHeaders({ ...request, key: signer, covered })).toEqual({
    ...covered,
    "content-digest": contentDigest,
    "signature-input": signatureInput,
    signature,
  });
});

test("derives the key of MACs, and makes a MAC", () => {
  const { sensorPrivateKey, agreementKey, reply, macKey } = vectors.agreement;
  const own = agreementKeyOf(Buffer.from(sensorPrivateKey, "hex"));
  expect(publicKeyTextOf(own)).toBe(agreementKey);
  const { keyid: sensorId, sensorInstance: instance } = vectors.checkIn;
  const { serverKey } = vectors.response;
  const key = macKeyOf(own, reply, { sensorId, instance, serverKey })!;
  expect(key.toString("hex")).toBe(macKey);
  expect(macKeyOf(own, { ...reply, id: "A".repeat(16) }, { sensorId, instance, serverKey })).toBeUndefined();
  const { contentDigest, signatureInput, signature, ...request } = vectors.macCheckIn;
  const covered = { "sensor-instance": instance };
  expect(signedHeaders({ ...request, key, covered })).toEqual({
    ...covered,
    "content-digest": contentDigest,
    "signature-input": signatureInput,
    signature,
  });
});

test("signs the proof of a key", () => {
  expect(keyProof(key, vectors.proof.sensorId)).toBe(vectors.proof.signature);
});

test("accepts only a response that its server signed for the request", () => {
  const { status, body, serverKey, contentDigest, signatureInput, signature } = vectors.response;
  const headers = { "content-digest": contentDigest, "signature-input": signatureInput, signature };
  const answer = { status, headers, body: Buffer.from(body) };
  expect(publicKeyTextOf(privateKeyOf(Buffer.from(vectors.response.seed, "hex")))).toBe(serverKey);
  expect(isServersResponse(answer, serverKey, vectors.checkIn.signature)).toBe(true);
  expect(isServersResponse(answer, vectors.key.publicKey, vectors.checkIn.signature)).toBe(false);
  expect(isServersResponse(answer, serverKey, vectors.enroll.signature)).toBe(false);
  expect(isServersResponse({ ...answer, status: 403 }, serverKey, vectors.checkIn.signature)).toBe(false);
  expect(
    isServersResponse({ ...answer, body: Buffer.from(`${body} `) }, serverKey, vectors.checkIn.signature),
  ).toBe(false);
});

test.each(vectors.inventory as InventoryVector[])("cuts the $category into chunks", (vector) => {
  const { gaps, totalItems } = vector;
  const remarks = gaps === undefined ? {} : { gaps, totalItems };
  const { root, chunks } = cutIntoChunks(vector.category, vector.items, remarks);
  expect(Object.entries(chunks).map(([hash, content]) => ({ hash, content }))).toEqual(vector.chunks);
  expect(root).toBe(vector.root);
});

test("finds the root with the pin, and does not accept a cross certificate", () => {
  const { pin, root, crossCertificate } = vectors.pin;
  expect(findRoot([crossCertificate, root], pin)).toBe(root);
  expect(findRoot([crossCertificate], pin)).toBeUndefined();
  expect(findRoot([root], `sha256:${"0".repeat(64)}`)).toBeUndefined();
});

test("formats canonical JSON", () => {
  expect(canonicalJson([{ ö: 1, z: [true, null], aa: "\u20ac\u001f" }])).toBe(
    '[{"aa":"€\\u001f","z":[true,null],"ö":1}]',
  );
});
