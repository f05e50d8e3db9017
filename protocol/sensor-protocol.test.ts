// docs/sensor-protocol.md is enough to write another sensor from: its vectors and its schemas are those of this code.
import { expect, test } from "bun:test";
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { checkIn } from "./check-in.ts";
import { checkToken, enroll, enrollCopy, reEnroll, replaceKey } from "./enroll.ts";
import { CATEGORY_ITEMS } from "./inventory/categories.ts";
import { BUCKETS, bucketOf, cutChunks, rootHash } from "./inventory/chunks.ts";
import { putChunks, putManifest } from "./inventory/upload.ts";
import { formatKeyFingerprint } from "./key-fingerprint.ts";
import { PROBLEMS, type ProblemCode, problemBody } from "./problems.ts";
import {
  answerBase,
  BOOT_HEADER,
  BOOT_SIGNED_COMPONENTS,
  ENROLL_SIGNED_COMPONENTS,
  formatAnswerParams,
  formatContentDigest,
  formatSignatureParams,
  keyProofBase,
  signatureBase,
} from "./signature.ts";
import { formatTokenValue, TOKEN_PREFIX } from "./token-value.ts";

const page = readFileSync(join(import.meta.dir, "../docs/sensor-protocol.md"), "utf8");

function blockAfter(heading: string): unknown {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`));
  return JSON.parse(/```json\n([\s\S]*?)\n```/.exec(section)![1]!);
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
const vectors = z
  .strictObject({
    key: z.strictObject({ seed: z.string(), publicKey: z.string(), fingerprint: z.string() }),
    token: z.strictObject({ secret: z.string(), base62: z.string(), checksum: z.string() }),
    enroll: signedRequest,
    checkIn: signedRequest.extend({ sensorBoot: z.string() }),
    proof: z.strictObject({ sensorId: z.string(), text: z.string(), signature: z.string() }),
    answer: z.strictObject({
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
    packages: z.strictObject({
      items: z.array(CATEGORY_ITEMS.packages),
      chunks: z.array(z.strictObject({ hash: z.string(), content: z.string() })),
      root: z.string(),
    }),
  })
  .parse(blockAfter("Test vectors"));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const keyOfSeed = (seed: string) => {
  const pkcs8 = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
};
const privateKey = keyOfSeed(vectors.key.seed);
const tokenValue = TOKEN_PREFIX + vectors.token.base62 + vectors.token.checksum;

test("the vectors of key and token are what the code makes of their inputs", () => {
  const publicKey = createPublicKey(privateKey);
  expect(publicKey.export({ format: "jwk" }).x).toBe(vectors.key.publicKey);
  const hash = createHash("sha256").update(Buffer.from(vectors.key.publicKey, "base64url")).digest();
  expect(formatKeyFingerprint(hash)).toBe(vectors.key.fingerprint);
  expect(formatTokenValue(Buffer.from(vectors.token.secret, "hex"))).toBe(tokenValue);
});

test.each(["enroll", "checkIn"] as const)(
  "the signed request %s is what the code signs and accepts",
  (name) => {
    const vector = vectors[name];
    const components = name === "enroll" ? ENROLL_SIGNED_COMPONENTS : BOOT_SIGNED_COMPONENTS;
    const route = name === "enroll" ? enroll : checkIn;
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
        [BOOT_HEADER]: vectors.checkIn.sensorBoot,
        authorization: `Bearer ${tokenValue}`,
      },
      params,
    );
    if (vector.signatureBase !== undefined) expect(base).toBe(vector.signatureBase);
    const signature = sign(null, Buffer.from(base), privateKey);
    expect(`sig1=:${signature.toString("base64")}:`).toBe(vector.signature);
    expect(verify(null, Buffer.from(base), createPublicKey(privateKey), signature)).toBe(true);
  },
);

test("the proof of a new key is what the code makes and the server asks for", () => {
  const { sensorId, text, signature } = vectors.proof;
  expect(keyProofBase(sensorId, vectors.key.publicKey)).toBe(text);
  expect(sign(null, Buffer.from(text), privateKey).toString("base64url")).toBe(signature);
});

test("the signed refusal answers the check-in of the vectors", () => {
  const { seed, serverKey, status, body, created, ...answer } = vectors.answer;
  const key = keyOfSeed(seed);
  expect(createPublicKey(key).export({ format: "jwk" }).x).toBe(serverKey);
  expect(problemBody.safeParse(JSON.parse(body)).error).toBeUndefined();
  const contentDigest = formatContentDigest(createHash("sha256").update(body).digest("base64"));
  expect(contentDigest).toBe(answer.contentDigest);
  const params = formatAnswerParams(created, serverKey);
  expect(`sig1=${params}`).toBe(answer.signatureInput);
  const base = answerBase({ status, contentDigest, requestSignature: vectors.checkIn.signature }, params);
  expect(base).toBe(answer.signatureBase);
  expect(`sig1=:${sign(null, Buffer.from(base), key).toString("base64")}:`).toBe(answer.signature);
});

test("the packages of the vectors are cut into the chunks and the root that it names", () => {
  const { items, chunks, root } = vectors.packages;
  const cut = cutChunks("packages", items, sha256);
  expect(cut.map(({ hash, content }) => ({ hash, content }))).toEqual(chunks);
  const hashes = cut.map(({ hash }) => hash);
  expect(rootHash(hashes, sha256)).toBe(root);
  const buckets = items.map(({ key }) => bucketOf("packages", key));
  expect(new Set(buckets).size).toBe(2);
});

test("the page's schemas, buckets and problem codes are the code's", () => {
  const input = { io: "input", unrepresentable: "any", reused: "inline" } as const;
  const output = { ...input, io: "output" } as const;
  const schemas = {
    enrollRequest: z.toJSONSchema(enroll.body, input),
    enrollReply: z.toJSONSchema(enroll.output, output),
    checkTokenRequest: z.toJSONSchema(checkToken.body, input),
    checkTokenReply: z.toJSONSchema(checkToken.output, output),
    newKeyRequest: z.toJSONSchema(replaceKey.body, input),
    copyRequest: z.toJSONSchema(enrollCopy.body, input),
    checkInRequest: z.toJSONSchema(checkIn.body, input),
    checkInReply: z.toJSONSchema(checkIn.output, output),
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
  expect(blockAfter("Schemas")).toEqual(JSON.parse(JSON.stringify(schemas)));
  for (const [category, count] of Object.entries(BUCKETS))
    expect(page).toContain(`| \`${category}\` | ${count} |`);
  const codes: ProblemCode[] = [
    ...enroll.problems,
    ...reEnroll.problems,
    ...checkIn.problems,
    "signature-replayed",
  ];
  for (const code of codes) expect(page).toContain(`| ${PROBLEMS[code].status} | \`${code}\` |`);
});
