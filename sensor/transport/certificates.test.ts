// A private CA is pinned before anything is sent, and is the only trusted CA afterwards. The servers have the
// right certificate, a wrong one or an old one.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chainOf, type Issued, makeCa, makeLeaf, pinOfIssued } from "../../harness/certificates.ts";
import { enroll } from "../enrollment/enroll.ts";
import { SensorError } from "../sensor-error.ts";
import { readIdentity } from "../state/identity.ts";
import { makeFolder, TOKEN } from "../testing/test-command.ts";
import { HOST } from "../testing/test-host.ts";
import { SENSOR_ID, startTestServer } from "../testing/test-server.ts";
import { findPinnedRoot, lookAtCertificate, parseRoots, pinOf } from "./certificates.ts";
import { fetchBy } from "./proxy.ts";

const DAY_MS = 86_400_000;
let root: Issued;
let leaf: Issued;
let rogueRoot: Issued;
let rogueLeaf: Issued;
let folder: ReturnType<typeof makeFolder>;
beforeEach(async () => {
  folder = makeFolder();
  [root, rogueRoot] = [await makeCa("AttackLens private CA 1"), await makeCa("Inspector 3000")];
  [leaf, rogueLeaf] = [await makeLeaf(root), await makeLeaf(rogueRoot)];
});
afterEach(() => folder[Symbol.dispose]());

const serve = (...chain: [Issued, ...Issued[]]) => startTestServer({ tls: chainOf(...chain) });

async function errorOf(promise: Promise<unknown>): Promise<SensorError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SensorError);
  return error as SensorError;
}

function enrollWith(server: string, caPin: string | undefined, waitMs = -1) {
  return enroll({
    ...{ stateDir: folder.path, server, token: TOKEN, host: HOST, caPin, waitMs },
    signal: new AbortController().signal,
    onRetry: () => {},
  });
}

describe("inspecting a certificate", () => {
  test("returns the chain as presented and sends only the handshake", async () => {
    await using server = await serve(leaf, root, rogueRoot);
    const { chain, protocol, refusal } = await lookAtCertificate(server.url, undefined);
    expect(chain).toEqual([leaf.certificate, root.certificate, rogueRoot.certificate]);
    expect(protocol).toBe("TLSv1.3");
    expect(refusal).toBe("SELF_SIGNED_CERT_IN_CHAIN");
    expect(server.received).toEqual([]);
  });

  test("the pin is the SHA-256 of the SubjectPublicKeyInfo, regardless of the issuer", async () => {
    const again = await makeCa("Another name", { issuer: rogueRoot, keys: root.keys });
    expect(pinOf(root.certificate)).toBe(pinOfIssued(root));
    expect(pinOf(again.certificate)).toBe(pinOfIssued(root));
    expect(pinOf(leaf.certificate)).not.toBe(pinOfIssued(root));
  });
});

describe("during a rotation with a leaf, a cross certificate and both roots", () => {
  let next: Issued;
  let chain: [Issued, ...Issued[]];
  beforeEach(async () => {
    next = await makeCa("AttackLens private CA 2");
    const cross = await makeCa("AttackLens private CA 2", { issuer: root, keys: next.keys });
    chain = [await makeLeaf(next), cross, root, next];
  });

  for (const which of ["old", "new"] as const)
    test(`the pin of the ${which} root selects that root, and the server is trusted`, async () => {
      await using server = await serve(...chain);
      const pinned = which === "old" ? root : next;
      expect(await findPinnedRoot(server.url, pinOfIssued(pinned), undefined)).toBe(pinned.certificate);
      const enrolled = await enrollWith(server.url, pinOfIssued(pinned));
      expect(enrolled).toMatchObject({ state: "enrolled", ca: [pinned.certificate] });
      expect(server.received).toHaveLength(1);
    });

  test("a cross certificate is not accepted as the root", async () => {
    await using server = await serve(chain[0], chain[1]!, root);
    expect((await errorOf(findPinnedRoot(server.url, pinOfIssued(next), undefined))).message).toContain(
      "it presents no root with the pin",
    );
  });
});

describe("a pinned server", () => {
  test("enrolls the sensor, which stores the pinned root", async () => {
    await using server = await serve(leaf, root);
    const enrolled = await enrollWith(server.url, pinOfIssued(root));
    expect(enrolled.sensorId).toBe(SENSOR_ID);
    expect(readIdentity(folder.path)).toMatchObject({ state: "enrolled", ca: [root.certificate] });
    expect(server.received).toMatchObject([{ path: "/sensor/v1/enroll", token: TOKEN }]);
  });

  test("receives nothing without the pin, and the error names the issuer", async () => {
    await using server = await serve(leaf, root);
    const { exit, message, hint } = await errorOf(enrollWith(server.url, undefined, 60_000));
    expect(exit).toBe("wrongServer");
    expect(message).toStartWith(
      `Cannot enroll sensor: ${server.url}: its certificate is not trusted by this host; it presents a server of the tests, issued by AttackLens private CA 1, key ${pinOfIssued(leaf)}, valid until `,
    );
    expect(hint).toContain("--ca-pin");
    expect(server.received).toEqual([]);
  });

  test("receives nothing with another pin, without a fallback to other trusted roots", async () => {
    await using server = await serve(leaf, root);
    const pin = pinOfIssued(rogueRoot);
    const { exit, message, hint } = await errorOf(enrollWith(server.url, pin, 60_000));
    expect(exit).toBe("wrongServer");
    expect(message).toStartWith(
      `Cannot trust ${server.url}: it presents no root with the pin ${pin}; nothing was sent. It presents a server of the tests, issued by AttackLens private CA 1, key ${pinOfIssued(leaf)}, valid until `,
    );
    expect(hint).toContain("another AttackLens server runs there, or its CA was rotated");
    expect(server.received).toEqual([]);
    expect(readIdentity(folder.path)).toBeUndefined();
  });

  test("cannot send control characters to the terminal in its certificate", async () => {
    const evil = await makeCa("Evil \u001b[31mroot\u202e");
    await using server = await serve(
      await makeLeaf(evil, undefined, { until: Date.UTC(9999, 11, 31) }),
      evil,
    );
    const { message, hint } = await errorOf(enrollWith(server.url, pinOfIssued(root)));
    expect(message).toContain("issued by Evil \\1B[31mroot\ufffd, key sha256:");
    expect(message).toEndWith(", valid until 9999-12-31T00:00:00.000Z");
    expect(hint).toContain("(issuer: Evil \\1B[31mroot\ufffd)");
  });

  test("is rejected with the pin of its leaf", async () => {
    await using server = await serve(leaf, root);
    expect((await errorOf(enrollWith(server.url, pinOfIssued(leaf)))).exit).toBe("wrongServer");
    expect(server.received).toEqual([]);
  });

  test("is rejected behind a proxy that inspects TLS, and the error names the proxy's issuer", async () => {
    await using server = await serve(rogueLeaf, rogueRoot);
    const { exit, message, hint } = await errorOf(enrollWith(server.url, pinOfIssued(root), 60_000));
    expect(exit).toBe("wrongServer");
    expect(message).toContain("issued by Inspector 3000");
    expect(hint).toContain("a proxy that inspects TLS (issuer: Inspector 3000)");
    expect(server.received).toEqual([]);
  });

  for (const [name, chain] of [
    ["a rogue leaf", () => [rogueLeaf, root]],
    ["a rogue leaf and root", () => [rogueLeaf, rogueRoot, root]],
    ["a rogue leaf and the real leaf", () => [rogueLeaf, leaf, root]],
  ] as const)
    test(`is rejected if the pinned root follows ${name}`, async () => {
      await using server = await serve(...(chain() as [Issued, ...Issued[]]));
      // The chain contains the pinned root, but it does not certify the leaf.
      expect(await findPinnedRoot(server.url, pinOfIssued(root), undefined)).toBe(root.certificate);
      const { exit, message } = await errorOf(enrollWith(server.url, pinOfIssued(root), 60_000));
      expect(exit).toBe("wrongServer");
      expect(message).toContain(
        `its certificate is not trusted by this host; it presents a server of the tests, issued by Inspector 3000, key ${pinOfIssued(rogueLeaf)}`,
      );
      expect(server.received).toEqual([]);
    });

  test("is rejected if another root has the same name as the pinned root", async () => {
    const namesake = await makeCa("AttackLens private CA 1");
    const forged = await makeLeaf(namesake);
    const chains: [Issued, ...Issued[]][] = [
      [forged, root],
      [forged, namesake, root],
    ];
    for (const chain of chains) {
      await using server = await startTestServer({ tls: chainOf(...chain) });
      const { exit, message } = await errorOf(enrollWith(server.url, pinOfIssued(root), 60_000));
      expect(exit).toBe("wrongServer");
      expect(message).toContain(`key ${pinOfIssued(forged)}`);
      expect(server.received).toEqual([]);
    }
  });

  test("is rejected if a leaf has issued its certificate", async () => {
    const below = await makeLeaf(leaf);
    await using server = await serve(below, leaf, root);
    const { exit } = await errorOf(enrollWith(server.url, pinOfIssued(root), 60_000));
    expect(exit).toBe("wrongServer");
    expect(server.received).toEqual([]);
  });

  test("is rejected if its certificate is for another name", async () => {
    const other = await makeLeaf(root, ["other.example", "10.0.0.1"]);
    await using server = await serve(other, root);
    const { exit, message } = await errorOf(enrollWith(server.url, pinOfIssued(root), 60_000));
    expect(exit).toBe("wrongServer");
    expect(message).toContain("its certificate is for another name; it presents a server of the tests");
    expect(server.received).toEqual([]);
  });

  test("at an IPv6 address is verified by that address", async () => {
    const plain = Bun.serve({
      port: 0,
      hostname: "::1",
      tls: chainOf(leaf, root),
      fetch: () => Response.json({ status: "ok" }),
    });
    const url = `https://[::1]:${plain.port}`;
    const ca = [await findPinnedRoot(url, pinOfIssued(root), undefined)];
    expect((await fetchBy({ ca }, url, {})).status).toBe(200);
    await plain.stop(true);
    const other = Bun.serve({
      port: 0,
      hostname: "::1",
      tls: chainOf(await makeLeaf(root, ["127.0.0.1"]), root),
      fetch: () => Response.json({ status: "ok" }),
    });
    await expect(fetchBy({ ca }, `https://[::1]:${other.port}`, {})).rejects.toMatchObject({
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
    await other.stop(true);
  });

  test("is rejected if its certificate has expired, and the error shows this host's time", async () => {
    const ended = await makeLeaf(root, ["127.0.0.1"], { until: Date.now() - DAY_MS / 2 });
    await using server = await serve(ended, root);
    const { exit, message } = await errorOf(enrollWith(server.url, pinOfIssued(root)));
    expect(exit).toBe("serverUnreachable");
    expect(message).toContain("its certificate has expired, according to this host's clock (20");
    expect(message).toContain("valid until 20");
    expect(server.received).toEqual([]);
  });

  test("is rejected without retries if its certificate is not valid yet, with a hint about this host's clock", async () => {
    const early = await makeLeaf(root, ["127.0.0.1"], { from: Date.now() + 2 * DAY_MS });
    await using server = await serve(early, root);
    const { exit, message, hint } = await errorOf(enrollWith(server.url, pinOfIssued(root), 60_000));
    expect(exit).toBe("clockWrong");
    expect(message).toContain("its certificate is not valid yet, according to this host's clock (20");
    expect(hint).toContain("correct this host's clock");
    expect(server.received).toEqual([]);
  });

  test("a repeated command uses only its current pin", async () => {
    await using first = await serve(leaf, root);
    first.next.push((response) => response.socket?.destroy());
    await errorOf(enrollWith(first.url, pinOfIssued(root)));
    expect(readIdentity(folder.path)).toMatchObject({ state: "enrolling", ca: [root.certificate] });
    expect((await errorOf(enrollWith(first.url, undefined))).exit).toBe("wrongServer");
    expect((await errorOf(enrollWith(first.url, pinOfIssued(rogueRoot)))).exit).toBe("wrongServer");
    const { publicKey } = await enrollWith(first.url, pinOfIssued(root));
    expect(first.received.map(({ keyid }) => keyid)).toEqual([publicKey, publicKey]);
  });
});

describe("roots from a server", () => {
  test("are accepted unchanged", () => {
    const roots = [root.certificate, rogueRoot.certificate];
    expect(parseRoots(roots)).toEqual(roots);
  });

  test("are rejected together if one is invalid", async () => {
    const cross = await makeCa("AttackLens private CA 1", { issuer: rogueRoot, keys: root.keys });
    for (const wrong of ["", "no certificate", leaf.certificate, cross.certificate])
      expect(parseRoots([root.certificate, wrong])).toBeUndefined();
    expect(parseRoots([])).toBeUndefined();
  });

  test("are rejected if they would exceed the maximum size of the identity file", () => {
    const count = Math.ceil(33_000 / root.certificate.length);
    expect(parseRoots(Array(count).fill(root.certificate))).toBeUndefined();
  });
});
