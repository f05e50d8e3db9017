// The TLS version and the reuse of TLS connections.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:https";
import type { SecureVersion } from "node:tls";
import { chainOf, type Issued, makeCa, makeLeaf, pinOfIssued } from "../../harness/certificates.ts";
import { enroll } from "../enrollment/enroll.ts";
import { makeFolder, TOKEN } from "../testing/test-command.ts";
import { HOST } from "../testing/test-host.ts";
import { startTestServer } from "../testing/test-server.ts";
import { lookAtCertificate } from "./certificates.ts";
import { fetchBy } from "./proxy.ts";

let root: Issued;
let leaf: Issued;
let rogueRoot: Issued;
let folder: ReturnType<typeof makeFolder>;
beforeEach(async () => {
  folder = makeFolder();
  [root, rogueRoot] = [await makeCa("AttackLens private CA 1"), await makeCa("Inspector 3000")];
  leaf = await makeLeaf(root);
});
afterEach(() => folder[Symbol.dispose]());

const serve = (...chain: [Issued, ...Issued[]]) => startTestServer({ tls: chainOf(...chain) });

function enrollWith(server: string, caPin: string | undefined) {
  return enroll({
    ...{ stateDir: folder.path, server, token: TOKEN, host: HOST, caPin, waitMs: -1 },
    signal: new AbortController().signal,
    onRetry: () => {},
  });
}

describe("the version of TLS", () => {
  const listen = (minVersion: SecureVersion, maxVersion: SecureVersion) =>
    new Promise<Server>((resolve) => {
      const tls = { ...chainOf(leaf, root), minVersion, maxVersion };
      const server = createServer(tls, (_, response) => response.end("{}"));
      server.listen(0, "127.0.0.1", () => resolve(server));
    });
  const ways = (url: string) => [
    lookAtCertificate(url, undefined).then(({ protocol }) => protocol),
    fetchBy({ ca: [root.certificate] }, url, {}).then(({ status }) => status),
  ];

  test("is 1.2 if the server supports nothing newer", async () => {
    const server = await listen("TLSv1.2", "TLSv1.2");
    const { port } = server.address() as { port: number };
    expect(await Promise.all<unknown>(ways(`https://127.0.0.1:${port}`))).toEqual(["TLSv1.2", 200]);
    server.closeAllConnections();
    server.close();
  });

  test("is never 1.1", async () => {
    const server = await listen("TLSv1", "TLSv1.1");
    const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
    const outcomes = await Promise.allSettled<unknown>(ways(url));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    for (const caPin of [undefined, pinOfIssued(root)])
      await expect(enrollWith(url, caPin)).rejects.toMatchObject({
        message: `Cannot enroll sensor: ${url}: this port does not support TLS 1.2 or newer`,
      });
    server.closeAllConnections();
    server.close();
  });
});

test("does not reuse a connection with other trusted roots", async () => {
  await using server = await serve(leaf, root);
  const ask = (ca: string[] | undefined) =>
    fetchBy({ ca }, `${server.url}/healthz`, {}).then(
      async (reply) => (await reply.json()) as unknown,
      ({ code }: { code: string }) => code,
    );
  const ok = { status: "ok" };
  for (const [ca, expected] of [
    [[root.certificate], ok],
    [[rogueRoot.certificate], "SELF_SIGNED_CERT_IN_CHAIN"],
    [undefined, "SELF_SIGNED_CERT_IN_CHAIN"],
    [[rogueRoot.certificate, root.certificate], ok],
    [[rogueRoot.certificate], "SELF_SIGNED_CERT_IN_CHAIN"],
    [[root.certificate], ok],
  ] as const)
    expect(await ask(ca as string[] | undefined)).toEqual(expected);
});
