// The vectors of MACs in docs/sensor-protocol.md. UPDATE_DOCS=1 writes them.
import { expect, test } from "bun:test";
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  sign,
} from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverAgreement } from "./agreement-key.ts";
import { checkIn } from "./check-in.ts";
import {
  formatContentDigest,
  formatSignatureParams,
  INSTANCE_HEADER,
  macKeyInfo,
  macKeyid,
  SIGNED_COMPONENTS,
  serverAgreementBase,
  signatureBase,
} from "./signature.ts";

const PAGE = join(import.meta.dir, "../docs/sensor-protocol.md");
const SENSOR_SEED = "c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0";
const SERVER_SEED = "e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00";

/** PKCS #8 of a key of 32 bytes (RFC 8410, section 7). */
const privateKeyOf = (curve: "Ed25519" | "X25519", seed: string) => {
  const oid = { Ed25519: "70", X25519: "6e" }[curve];
  const key = Buffer.from(`302e020100300506032b65${oid}04220420${seed}`, "hex");
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
};
const publicKeyOf = (curve: "Ed25519" | "X25519", seed: string) =>
  (createPublicKey(privateKeyOf(curve, seed)).export({ format: "jwk" }) as { x: string }).x;

interface Known {
  checkIn: { keyid: string; sensorInstance: string; method: string; path: string; body: string };
  response: { seed: string };
}

function makeVectors({ checkIn, response }: Known) {
  const { keyid: sensorId, sensorInstance, method, path, body } = checkIn;
  const [sensorKey, publicKey] = [publicKeyOf("X25519", SENSOR_SEED), publicKeyOf("X25519", SERVER_SEED)];
  const bytes = Buffer.from(publicKey, "base64url");
  const id = createHash("sha256").update(bytes).digest("base64url").slice(0, 16);
  const signedText = serverAgreementBase(id, publicKey);
  const signature = sign(null, Buffer.from(signedText), privateKeyOf("Ed25519", response.seed));
  const secret = diffieHellman({
    privateKey: privateKeyOf("X25519", SENSOR_SEED),
    publicKey: createPublicKey(privateKeyOf("X25519", SERVER_SEED)),
  });
  const parties = { sensorId, instanceId: sensorInstance, sensorKey, serverKeyId: id, serverKey: publicKey };
  const info = macKeyInfo(parties);
  const macKey = Buffer.from(hkdfSync("sha256", secret, "", info, 32));

  const [created, nonce, keyid] = [1795510920, 1795510920000000, macKeyid(sensorId, id)];
  const contentDigest = formatContentDigest(createHash("sha256").update(body).digest("base64"));
  const params = formatSignatureParams({
    ...{ components: SIGNED_COMPONENTS, created, nonce, keyid, alg: "hmac-sha256" },
  });
  const values = { "@method": method, "@path": path, "content-digest": contentDigest };
  const base = signatureBase(SIGNED_COMPONENTS, { ...values, [INSTANCE_HEADER]: sensorInstance }, params);
  return {
    agreement: {
      sensorPrivateKey: SENSOR_SEED,
      agreementKey: sensorKey,
      serverPrivateKey: SERVER_SEED,
      reply: { id, publicKey, signature: signature.toString("base64url") },
      signedText,
      secret: secret.toString("hex"),
      info,
      macKey: macKey.toString("hex"),
    },
    macCheckIn: {
      ...{ method, path, sensorInstance, body, created, nonce, keyid, contentDigest },
      signatureInput: `sig1=${params}`,
      signatureBase: base,
      signature: `sig1=:${createHmac("sha256", macKey).update(base).digest("base64")}:`,
    },
  };
}

test("the page's vectors of MACs are what this code derives", () => {
  const page = readFileSync(PAGE, "utf8");
  const start = page.indexOf("```json\n", page.indexOf("\n## Test vectors\n")) + "```json\n".length;
  const end = page.indexOf("\n```", start);
  const { agreement, macCheckIn, ...known } = JSON.parse(page.slice(start, end));
  const made = makeVectors(known);
  if (process.env.UPDATE_DOCS) {
    const text = JSON.stringify({ ...known, ...made }, null, 2);
    writeFileSync(PAGE, page.slice(0, start) + text + page.slice(end));
  } else expect({ agreement, macCheckIn }).toEqual(made);
  expect(serverAgreement.parse(made.agreement.reply)).toEqual(made.agreement.reply);
  expect(
    checkIn.body.parse({ ...JSON.parse(known.checkIn.body), agreementKey: made.agreement.agreementKey }),
  );
});
