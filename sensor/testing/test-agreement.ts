// The server's part of the keys of MACs, for the test server: it derives them without the sensor's code.
import {
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
} from "node:crypto";

interface MacRequest {
  base: string;
  sensorId: string;
  serverKeyId: string;
  instanceId: string | undefined;
}

export function makeTestAgreement() {
  const signing = generateKeyPairSync("ed25519");
  let agreed = generateKeyPairSync("x25519");
  const announced = new Map<string | undefined, string>();
  const publicKeyOf = (key: KeyObject) => (key.export({ format: "jwk" }) as { x: string }).x;
  const idOf = (key: string) =>
    createHash("sha256").update(Buffer.from(key, "base64url")).digest("base64url").slice(0, 16);

  function reply() {
    const publicKey = publicKeyOf(agreed.publicKey);
    const id = idOf(publicKey);
    const text = `attacklens-server-agreement ${id} ${publicKey}`;
    return {
      id,
      publicKey,
      signature: sign(null, Buffer.from(text), signing.privateKey).toString("base64url"),
    };
  }

  return {
    signingKey: signing.privateKey,
    serverKey: publicKeyOf(signing.publicKey),
    reply,
    announce: (instanceId: string | undefined, key: string) => announced.set(instanceId, key),
    /** Makes another key, and forgets what instances announced. */
    rotate(): void {
      agreed = generateKeyPairSync("x25519");
      announced.clear();
    },
    /** The right MAC; undefined: there is no key for it. */
    mac({ base, sensorId, serverKeyId, instanceId }: MacRequest): Buffer | undefined {
      const { id, publicKey } = reply();
      const key = announced.get(instanceId);
      if (key === undefined || serverKeyId !== id) return undefined;
      const sensorKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: key }, format: "jwk" });
      const secret = diffieHellman({ privateKey: agreed.privateKey, publicKey: sensorKey });
      const info = `attacklens-sensor-mac-1 ${sensorId} ${instanceId} ${key} ${id} ${publicKey}`;
      const macKey = Buffer.from(hkdfSync("sha256", secret, "", info, 32));
      return createHmac("sha256", macKey).update(base).digest();
    },
  };
}

export type TestAgreement = ReturnType<typeof makeTestAgreement>;
