// A sensor for server tests: a key, and requests signed according to the protocol, with only node:crypto.
import {
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomUUID,
  sign,
} from "node:crypto";
import type { ServerAgreement } from "@attacklens/protocol/agreement-key.ts";
import {
  ENROLL_SIGNED_COMPONENTS,
  formatContentDigest,
  formatSignatureParams,
  INSTANCE_HEADER,
  keyProofBase,
  macKeyInfo,
  macKeyid,
  SIGNED_COMPONENTS,
  signatureBase,
} from "@attacklens/protocol/signature.ts";

export interface SignOptions {
  keyid?: string;
  nonce?: number;
  createdMs?: number;
  token?: string;
  components?: readonly string[];
  /** The id of the sensor's instance; absent: one id for all keys. */
  instanceId?: string;
  /** The value of Content-Digest; absent: the SHA-256 of the body. */
  digest?: string;
  /** Appended to the parameters of the signature, e.g. `;expires=1`. */
  params?: string;
  /** The value of `@authority`, if the signature covers it. */
  authority?: string;
  /** Replaces the body after signing. */
  tamper?: string;
  /** Makes a MAC with this key of the server instead of a signature. */
  macWith?: ServerAgreement | undefined;
}

const INSTANCE_ID = randomUUID();

export function makeTestSensor() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const x = (publicKey.export({ format: "jwk" }) as { x: string }).x;
  const agreed = generateKeyPairSync("x25519");
  const agreementKey = (agreed.publicKey.export({ format: "jwk" }) as { x: string }).x;
  let lastNonce = 0;
  const mac = (base: string, sensorId: string, instanceId: string, { id, publicKey }: ServerAgreement) => {
    const serverKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: publicKey }, format: "jwk" });
    const secret = diffieHellman({ privateKey: agreed.privateKey, publicKey: serverKey });
    const parties = {
      sensorId,
      instanceId,
      sensorKey: agreementKey,
      serverKeyId: id,
      serverKey: publicKey,
    };
    const key = Buffer.from(hkdfSync("sha256", secret, "", macKeyInfo(parties), 32));
    return createHmac("sha256", key).update(base).digest();
  };
  return {
    publicKey: x,
    /** X25519. */
    agreementKey,
    /** A signed request, ready for fetch. */
    request(
      method: string,
      path: string,
      body: unknown,
      nowMs: number,
      options: SignOptions = {},
    ): RequestInit {
      const text = JSON.stringify(body);
      const digest =
        options.digest ?? formatContentDigest(createHash("sha256").update(text).digest("base64"));
      const { instanceId = INSTANCE_ID } = options;
      const components = options.components ?? (options.token ? ENROLL_SIGNED_COMPONENTS : SIGNED_COMPONENTS);
      lastNonce = options.nonce ?? lastNonce + 1;
      const { keyid = x, macWith } = options;
      const params = `${formatSignatureParams({
        components,
        created: Math.floor((options.createdMs ?? nowMs) / 1000),
        nonce: lastNonce,
        keyid: macWith ? macKeyid(keyid, macWith.id) : keyid,
        alg: macWith ? "hmac-sha256" : "ed25519",
      })}${options.params ?? ""}`;
      const values: Record<string, string> = {
        "@method": method,
        "@path": path,
        "content-digest": digest,
        "@authority": options.authority ?? "",
        "a b": "",
      };
      if (options.token) values.authorization = `Bearer ${options.token}`;
      else values[INSTANCE_HEADER] = instanceId;
      const base = signatureBase(components, values, params);
      const signed = macWith
        ? mac(base, keyid, instanceId, macWith)
        : sign(null, Buffer.from(base), privateKey);
      const signature = signed.toString("base64");
      const headers: Record<string, string> = {
        "content-type": "application/json",
        "content-digest": digest,
        "signature-input": `sig1=${params}`,
        signature: `sig1=:${signature}:`,
      };
      if (values.authorization) headers.authorization = values.authorization;
      if (!options.token) headers[INSTANCE_HEADER] = instanceId;
      return { method, headers, body: options.tamper ?? text };
    },
    /** Returns the proof that the sender of an announcement or a clone has this key. */
    proof(sensorId: string): string {
      return sign(null, Buffer.from(keyProofBase(sensorId, x)), privateKey).toString("base64url");
    },
    enrollBody(hostname = "web-01", extra: Record<string, unknown> = {}) {
      return {
        publicKey: x,
        protocolVersion: 1,
        sensorVersion: "2026.11.0",
        host: {
          hostname,
          platform: "linux",
          architecture: "amd64",
          osName: "Debian GNU/Linux",
          osVersion: "12 (bookworm)",
          ...extra,
        },
      };
    },
  };
}

export type TestSensor = ReturnType<typeof makeTestSensor>;
