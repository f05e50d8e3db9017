// A host over HTTP that does what the server offers, without a program.
import { checkIn } from "@attacklens/protocol/check-in.ts";
import { enroll } from "@attacklens/protocol/enroll.ts";
import {
  UPDATE_ATTEMPT_HEADER,
  UPDATE_VERSION_HEADER,
  type UpdateReport,
  type UpdateState,
} from "@attacklens/protocol/updates.ts";
import { hostTarget } from "../../harness/publisher.ts";
import { makeSigner, type SignedRequest } from "../../harness/signer.ts";

export type UpdatingHost = Awaited<ReturnType<typeof enrollUpdatingHost>>;

export async function enrollUpdatingHost(
  serverUrl: string,
  token: string,
  hostname: string,
  { method = "self" as UpdateReport["method"], version = "2026.11.0" } = {},
) {
  const signer = makeSigner();
  const facts = { platform: "linux", architecture: "amd64", osName: "Debian GNU/Linux", osVersion: "13" };
  let attempt: UpdateReport["attempt"];
  const sender = () => ({ protocolVersion: 1, sensorVersion: host.version });

  async function send({ path, init }: SignedRequest): Promise<Response> {
    const reply = await fetch(serverUrl + path, init);
    if (!reply.ok) throw new Error(`${path} returned ${reply.status} ${await reply.text()}`);
    return reply;
  }

  const host = {
    id: "",
    hostname,
    version,
    /** The versions that it was offered. */
    offered: new Set<string>(),
    /** Returns the offer. */
    async checkIn() {
      const update = { method, target: hostTarget(), ...(attempt && { attempt }) };
      const body = { ...sender(), update, host: { ...facts, hostname } };
      const { headers } = await send(signer.sign(checkIn.path, body, host.id));
      const offer = headers.get(UPDATE_VERSION_HEADER);
      if (offer === null) return undefined;
      host.offered.add(offer);
      return { version: offer, attempt: Number(headers.get(UPDATE_ATTEMPT_HEADER)) };
    },
    async report(offer: { version: string; attempt: number }, state: UpdateState, reason?: string) {
      attempt = { ...offer, state, at: new Date().toISOString(), ...(reason && { reason }) };
      await host.checkIn();
    },
    /** Checks in, and updates if it is offered a release. A release of `bad` is rolled back. */
    async follow(bad: readonly string[] = []): Promise<void> {
      const offer = await host.checkIn();
      if (!offer || offer.version === host.version) return;
      for (const state of ["downloading", "verified", "trial"] as const) await host.report(offer, state);
      if (bad.includes(offer.version)) {
        await host.report(offer, "rolled-back", "it ended with exit code 1");
      } else {
        host.version = offer.version;
        await host.report(offer, "done");
      }
    },
  };
  const enrollment = { ...sender(), publicKey: signer.publicKey, host: { ...facts, hostname } };
  const enrolled = await send(signer.sign(enroll.path, enrollment, signer.publicKey, token));
  host.id = enroll.output.parse(await enrolled.json()).sensorId;
  return host;
}
