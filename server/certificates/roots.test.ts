// The route that returns the roots, for sensors whose TLS library does not show the root with the pin.
import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { getRoots } from "@attacklens/protocol/connection.ts";
import { createTestDatabase, openWorld, TESTED_DIALECTS } from "../testing/test-world.ts";
import { issueServerCertificate, requireRoots, rotateAuthority } from "./certificates.ts";
import { pinOf } from "./x509.ts";

const NOW = Date.parse("2026-11-24T09:00:00.000Z");
const SECRET = "a secret of the tests, 32 or more characters";

for (const dialect of TESTED_DIALECTS) {
  test(`during an overlap, every caller gets both self-signed roots, the newest first (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    await requireRoots(db, NOW, SECRET);
    const pin = await rotateAuthority(db, NOW, SECRET, 86_400_000);
    const roots = await requireRoots(db, NOW, SECRET);
    await using world = await openWorld(dialect, { roots });

    const response = await world.fetch(getRoots.path);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("public, max-age=60");
    const { certificates } = getRoots.output.parse(await response.json());
    expect(certificates.map(pinOf)).toEqual([pin, expect.not.stringMatching(pin)]);
    for (const certificate of certificates.map((pem) => new X509Certificate(pem)))
      expect([certificate.ca, certificate.verify(certificate.publicKey)]).toEqual([true, true]);

    // In a handshake, this cross certificate hides the root: the older root issued it for the same key and
    // name, and the server sends it first.
    const { chain } = await issueServerCertificate(db, NOW, SECRET, ["localhost"]);
    const [leaf, cross] = chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g)!;
    const issuer = new X509Certificate(cross!);
    expect(new X509Certificate(leaf!).checkIssued(issuer)).toBe(true);
    expect([pinOf(cross!), issuer.checkIssued(issuer)]).toEqual([pin, false]);
  });
}

test("without a private CA, the route returns no roots", async () => {
  await using world = await openWorld("sqlite");
  const response = await world.fetch(getRoots.path);
  expect(await response.json()).toEqual({ certificates: [] });
  expect((await world.fetch(getRoots.path, { method: "HEAD" })).status).toBe(200);
  expect((await world.fetch(getRoots.path, { method: "POST" })).status).toBe(405);
});
