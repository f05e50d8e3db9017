// A sensor that enrolls over HTTP with the host facts of a test.
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll, type HostFacts } from "@attacklens/protocol/enroll.ts";
import { CATEGORIES } from "@attacklens/protocol/inventory/categories.ts";
import { makeSigner, type SignedRequest } from "../../harness/signer.ts";

export interface HttpSensor {
  id: string;
  /** Checks in with a report in which every collection has failed: the first one ends Pending. */
  checkIn(): Promise<void>;
}

/** Enrolls with a new key. Throws an error with the server's reply if it refuses. */
export async function enrollOverHttp(
  serverUrl: string,
  token: string,
  host: Partial<HostFacts> & { hostname: string },
): Promise<HttpSensor> {
  const signer = makeSigner();
  const sender = { protocolVersion: 1, sensorVersion: "2026.11.0" };

  async function send({ path, init }: SignedRequest) {
    const reply = await fetch(serverUrl + path, init);
    if (!reply.ok) throw new Error(`${path} returned ${reply.status} ${await reply.text()}`);
    return await reply.json();
  }

  const machine = {
    platform: "linux",
    architecture: "amd64",
    osName: "Debian GNU/Linux",
    osVersion: "12 (bookworm)",
  };
  const facts = { ...machine, ...host };
  const enrollment = { ...sender, publicKey: signer.publicKey, host: facts };
  const enrolled = await send(signer.sign(enroll.path, enrollment, signer.publicKey, token));
  const { sensorId } = enroll.output.parse(enrolled);
  const failed = { status: "failed", reason: "not collected" };
  const inventory = Object.fromEntries(CATEGORIES.map((category) => [category, failed]));
  return {
    id: sensorId,
    async checkIn() {
      await send(signer.sign(checkIn.path, { ...sender, inventory }, sensorId));
    },
  };
}
