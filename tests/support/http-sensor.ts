// A sensor that says of its host what a test wants: requests signed as the protocol says, straight from
// node:crypto.
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll, type HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import {
  ENROLL_SIGNED_COMPONENTS,
  formatContentDigest,
  formatSignatureParams,
  INSTANCE_HEADER,
  SIGNED_COMPONENTS,
  signatureBase,
} from "@attacklens/protocol/signature.ts";

export interface HttpSensor {
  id: string;
  /** Checks in with a report in which every collection has failed: the first one ends Pending. */
  checkIn(): Promise<void>;
}

/** Enrolls with a key of its own. Throws what the server returned when it refuses. */
export async function enrollOverHttp(
  serverUrl: string,
  token: string,
  host: Partial<HostFacts> & { hostname: string },
): Promise<HttpSensor> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = (publicKey.export({ format: "jwk" }) as { x: string }).x;
  const sender = { protocolVersion: 1, sensorVersion: "2026.11.0" };
  let nonce = 0;
  const instance = { [INSTANCE_HEADER]: randomUUID() };

  async function send(path: string, content: object, keyid: string, authorization?: string) {
    const body = JSON.stringify(content);
    const digest = formatContentDigest(createHash("sha256").update(body).digest("base64"));
    const components = authorization ? ENROLL_SIGNED_COMPONENTS : SIGNED_COMPONENTS;
    const created = Math.floor(Date.now() / 1000);
    const params = formatSignatureParams({ components, created, nonce: ++nonce, keyid });
    const covered = authorization ? { authorization } : instance;
    const values = { "@method": "POST", "@path": path, "content-digest": digest, ...covered };
    const base = signatureBase(components, values, params);
    const reply = await fetch(serverUrl + path, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "content-digest": digest,
        "signature-input": `sig1=${params}`,
        signature: `sig1=:${sign(null, Buffer.from(base), privateKey).toString("base64")}:`,
        ...covered,
      },
    });
    if (!reply.ok) throw new Error(`${path} was answered ${reply.status} ${await reply.text()}`);
    return await reply.json();
  }

  const machine = {
    platform: "linux",
    architecture: "amd64",
    osName: "Debian GNU/Linux",
    osVersion: "12 (bookworm)",
  };
  const facts = { ...machine, ...host };
  const enrolled = await send(
    enroll.path,
    { ...sender, publicKey: key, host: facts },
    key,
    `Bearer ${token}`,
  );
  const { sensorId } = enroll.output.parse(enrolled);
  const failed = { status: "failed", reason: "not collected" };
  const inventory = Object.fromEntries(CATEGORIES.map((category) => [category, failed]));
  return {
    id: sensorId,
    async checkIn() {
      await send(checkIn.path, { ...sender, inventory }, sensorId);
    },
  };
}
