// docs/sensor-protocol.md is sufficient to write another sensor: its test vectors and its schemas match this
// code.
import { expect, test } from "bun:test";
import { createHash, createPrivateKey, createPublicKey, sign, verify, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { caPin } from "./ca-pin.ts";
import { checkIn } from "./check-in.ts";
import { getRoots } from "./connection.ts";
import { checkToken, confirmSensor, enroll, enrollClone, reEnroll, replaceKey } from "./enroll.ts";
import { category } from "./inventory/category.ts";
import { CATEGORY_ITEMS } from "./inventory/category-items.ts";
import { BUCKETS, bucketOf, cutChunks, rootHash } from "./inventory/chunks.ts";
import { gaps, totalItems } from "./inventory/gap.ts";
import { putChunks, putInventory, putManifest } from "./inventory/upload.ts";
import { formatKeyFingerprint } from "./key-fingerprint.ts";
import { problemBody } from "./problems.ts";
import {
  ENROLL_SIGNED_COMPONENTS,
  formatContentDigest,
  formatResponseParams,
  formatSignatureParams,
  INSTANCE_HEADER,
  keyProofBase,
  responseSignatureBase,
  SIGNED_COMPONENTS,
  signatureBase,
} from "./signature.ts";
import { formatTokenValue, TICKET_PREFIX, TOKEN_PREFIX } from "./token-value.ts";
import { unenroll } from "./unenroll.ts";

const PAGE = join(import.meta.dir, "../docs/sensor-protocol.md");
const page = readFileSync(PAGE, "utf8");

function blockAfter(heading: string): unknown {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`));
  return JSON.parse(/```json\n([\s\S]*?)\n```/.exec(section)![1]!);
}

/** Writes the schemas into the page, one on each line. */
function writeSchemas(schemas: Record<string, unknown>): void {
  const lines = Object.entries(schemas).map(([name, schema]) => `"${name}": ${JSON.stringify(schema)}`);
  const start = page.indexOf("```json\n", page.indexOf("\n## Schemas\n")) + "```json\n".length;
  const end = page.indexOf("\n```", start);
  writeFileSync(PAGE, `${page.slice(0, start)}{\n${lines.join(",\n\n")}\n}${page.slice(end)}`);
}

const signedRequest = z.strictObject({
  method: z.string(),
  path: z.string(),
  body: z.string(),
  created: z.int(),
  nonce: z.int(),
  keyid: z.string(),
  contentDigest: z.string(),
  signatureInput: z.string(),
  signatureBase: z.string().optional(),
  signature: z.string(),
});
const keyPair = z.strictObject({ seed: z.string(), publicKey: z.string(), fingerprint: z.string() });
const tokenParts = z.strictObject({ secret: z.string(), base62: z.string(), checksum: z.string() });
const vectors = z
  .strictObject({
    key: keyPair,
    token: tokenParts,
    newKey: keyPair,
    ticket: tokenParts,
    enroll: signedRequest,
    reEnroll: signedRequest,
    checkIn: signedRequest.extend({ sensorInstance: z.string() }),
    proof: z.strictObject({ sensorId: z.string(), text: z.string(), signature: z.string() }),
    response: z.strictObject({
      seed: z.string(),
      serverKey: z.string(),
      status: z.int(),
      body: z.string(),
      created: z.int(),
      contentDigest: z.string(),
      signatureInput: z.string(),
      signatureBase: z.string(),
      signature: z.string(),
    }),
    // agreement-vectors.test.ts checks these.
    agreement: z.unknown(),
    macCheckIn: z.unknown(),
    pin: z.strictObject({ pin: caPin, root: z.string(), crossCertificate: z.string() }),
    inventory: z.array(
      z.strictObject({
        category,
        items: z.array(z.looseObject({ key: z.string() })),
        chunks: z.array(z.strictObject({ hash: z.string(), content: z.string() })),
        totalItems: totalItems.optional(),
        gaps: gaps.optional(),
        root: z.string(),
      }),
    ),
  })
  .parse(blockAfter("Test vectors"));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const keyOfSeed = (seed: string) => {
  const pkcs8 = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
};
const bearers = {
  enroll: TOKEN_PREFIX + vectors.token.base62 + vectors.token.checksum,
  reEnroll: TICKET_PREFIX + vectors.ticket.base62 + vectors.ticket.checksum,
};

test.each(["key", "newKey"] as const)("derives the %s from its seed", (name) => {
  const { seed, publicKey, fingerprint } = vectors[name];
  expect(createPublicKey(keyOfSeed(seed)).export({ format: "jwk" }).x).toBe(publicKey);
  const hash = createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest();
  expect(formatKeyFingerprint(hash)).toBe(fingerprint);
});

test("derives token and ticket from their secrets", () => {
  const { token, ticket } = vectors;
  expect(formatTokenValue(Buffer.from(token.secret, "hex"))).toBe(bearers.enroll);
  expect(formatTokenValue(Buffer.from(ticket.secret, "hex"), TICKET_PREFIX)).toBe(bearers.reEnroll);
});

test.each(["enroll", "reEnroll", "checkIn"] as const)("signs and accepts the request %s", (name) => {
  const vector = vectors[name];
  const components = name === "checkIn" ? SIGNED_COMPONENTS : ENROLL_SIGNED_COMPONENTS;
  const route = { enroll, reEnroll, checkIn }[name];
  const privateKey = keyOfSeed(name === "reEnroll" ? vectors.newKey.seed : vectors.key.seed);
  expect(`${vector.method} ${vector.path}`).toBe(`${route.method} ${route.path}`);
  expect(route.body.safeParse(JSON.parse(vector.body)).error).toBeUndefined();
  const digest = formatContentDigest(createHash("sha256").update(vector.body).digest("base64"));
  expect(digest).toBe(vector.contentDigest);
  const params = formatSignatureParams({ components, ...vector });
  expect(`sig1=${params}`).toBe(vector.signatureInput);
  const base = signatureBase(
    components,
    {
      "@method": vector.method,
      "@path": vector.path,
      "content-digest": digest,
      [INSTANCE_HEADER]: vectors.checkIn.sensorInstance,
      authorization: `Bearer ${name === "checkIn" ? "" : bearers[name]}`,
    },
    params,
  );
  if (vector.signatureBase !== undefined) expect(base).toBe(vector.signatureBase);
  const signature = sign(null, Buffer.from(base), privateKey);
  expect(`sig1=:${signature.toString("base64")}:`).toBe(vector.signature);
  expect(verify(null, Buffer.from(base), createPublicKey(privateKey), signature)).toBe(true);
});

test("creates the proof of a new key", () => {
  const { sensorId, text, signature } = vectors.proof;
  expect(keyProofBase(sensorId, vectors.key.publicKey)).toBe(text);
  expect(sign(null, Buffer.from(text), keyOfSeed(vectors.key.seed)).toString("base64url")).toBe(signature);
});

test("the signed refusal belongs to the check-in", () => {
  const { seed, serverKey, status, body, created, ...response } = vectors.response;
  const key = keyOfSeed(seed);
  expect(createPublicKey(key).export({ format: "jwk" }).x).toBe(serverKey);
  expect(problemBody.safeParse(JSON.parse(body)).error).toBeUndefined();
  const contentDigest = formatContentDigest(createHash("sha256").update(body).digest("base64"));
  expect(contentDigest).toBe(response.contentDigest);
  const params = formatResponseParams(created, serverKey);
  expect(`sig1=${params}`).toBe(response.signatureInput);
  const base = responseSignatureBase(
    { status, contentDigest, requestSignature: vectors.checkIn.signature },
    params,
  );
  expect(base).toBe(response.signatureBase);
  expect(`sig1=:${sign(null, Buffer.from(base), key).toString("base64")}:`).toBe(response.signature);
});

test.each(vectors.inventory)("cuts $category into the chunks and the root hash of the vector", (vector) => {
  const { category, items, chunks, root, ...remarks } = vector;
  expect(z.array(CATEGORY_ITEMS[category] as z.ZodType).safeParse(items).error).toBeUndefined();
  const cut = cutChunks(category, items, sha256);
  expect(cut.map(({ hash, content }) => ({ hash, content }))).toEqual(chunks);
  const hashes = cut.map(({ hash }) => hash);
  expect(rootHash(hashes, sha256, remarks)).toBe(root);
});

test("the vectors have a chunk of several items, an order other than by code point, and an empty category", () => {
  const itemsOf = ({ content }: { content: string }) => JSON.parse(content) as { key: string }[];
  const chunks = vectors.inventory.flatMap((one) => one.chunks.map(itemsOf));
  expect(Math.max(...chunks.map(({ length }) => length))).toBeGreaterThan(1);
  const byCodePoint = (items: { key: string }[]) =>
    items.toSorted((one, other) => Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)));
  expect(chunks.some((items) => !Bun.deepEquals(items, byCodePoint(items)))).toBe(true);
  expect(vectors.inventory.some(({ items }) => items.length === 0)).toBe(true);
  for (const { category, items } of vectors.inventory.filter((one) => one.items.length > 1))
    expect(new Set(items.map(({ key }) => bucketOf(category, key))).size).toBeGreaterThan(1);
});

test("the pin is the hash of the root's key, which the cross certificate shares", () => {
  const { pin, root, crossCertificate } = vectors.pin;
  for (const certificate of [root, crossCertificate].map((pem) => new X509Certificate(pem))) {
    const spki = certificate.publicKey.export({ format: "der", type: "spki" });
    expect(`sha256:${createHash("sha256").update(spki).digest("hex")}`).toBe(pin);
    expect(certificate.checkIssued(certificate)).toBe(certificate.toString() === root);
  }
});

test("the page's schemas and buckets match the code", () => {
  const input = { io: "input", unrepresentable: "any", reused: "inline" } as const;
  const output = { ...input, io: "output" } as const;
  const schemas = {
    enrollRequest: z.toJSONSchema(enroll.body, input),
    enrollReply: z.toJSONSchema(enroll.output, output),
    checkTokenRequest: z.toJSONSchema(checkToken.body, input),
    checkTokenReply: z.toJSONSchema(checkToken.output, output),
    newKeyRequest: z.toJSONSchema(replaceKey.body, input),
    cloneRequest: z.toJSONSchema(enrollClone.body, input),
    confirmRequest: z.toJSONSchema(confirmSensor.body, input),
    unenrollRequest: z.toJSONSchema(unenroll.body, input),
    rootsReply: z.toJSONSchema(getRoots.output, output),
    checkInRequest: z.toJSONSchema(checkIn.body, input),
    checkInReply: z.toJSONSchema(checkIn.output, output),
    inventoryRequest: z.toJSONSchema(putInventory.body, input),
    inventoryReply: z.toJSONSchema(putInventory.output, output),
    manifestRequest: z.toJSONSchema(putManifest.body, input),
    manifestReply: z.toJSONSchema(putManifest.output, output),
    chunksRequest: z.toJSONSchema(putChunks.body, input),
    problem: z.toJSONSchema(problemBody, output),
    ...Object.fromEntries(
      Object.entries(CATEGORY_ITEMS).map(([category, item]) => [
        `${category}Item`,
        z.toJSONSchema(item, input),
      ]),
    ),
  };
  if (process.env.UPDATE_DOCS) writeSchemas(schemas);
  else expect(blockAfter("Schemas")).toEqual(JSON.parse(JSON.stringify(schemas)));
  for (const [category, count] of Object.entries(BUCKETS))
    expect(page).toContain(`| \`${category}\` | ${count} |`);
});

test("the example of a request and its refusal matches the vectors", () => {
  const { body, sensorInstance, ...request } = vectors.checkIn;
  const refusal = vectors.response;
  const example = /```http\n([\s\S]*?)\n```/.exec(page)![1]!;
  expect(example.split("\n\n")).toEqual([
    expect.stringContaining(
      `\nContent-Length: ${Buffer.byteLength(body)}\nSensor-Instance: ${sensorInstance}\n`,
    ),
    body,
    expect.stringMatching(new RegExp(`^HTTP/1.1 ${refusal.status} `)),
    refusal.body,
  ]);
  for (const { contentDigest, signatureInput, signature } of [request, refusal]) {
    const headers = `Content-Digest: ${contentDigest}\nSignature-Input: ${signatureInput}\nSignature: ${signature}\n`;
    expect(example).toContain(headers);
  }
});
