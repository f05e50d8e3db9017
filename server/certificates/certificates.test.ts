import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import {
  describeAuthorities,
  issueServerCertificate,
  requireRoots,
  retireAuthorities,
  rotateAuthority,
} from "./certificates.ts";

const NOW = Date.now();
const DAY_MS = 86_400_000;
const SECRET = "a secret of the tests, 32 or more characters";
const NAMES = ["localhost", "127.0.0.1", "::1"];

/** Serves the certificate to a client that trusts one root. Returns its error, or undefined if it accepts. */
async function refusalOf(
  chain: { chain: string; privateKey: string },
  root: string,
): Promise<string | undefined> {
  const tls = { cert: chain.chain, key: chain.privateKey };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", tls, fetch: () => new Response("") });
  try {
    await fetch(`https://localhost:${server.port}/`, { tls: { ca: root }, keepalive: false, proxy: false });
    return undefined;
  } catch (error) {
    return errnoCode(error) ?? String(error);
  } finally {
    await server.stop(true);
  }
}

for (const dialect of TESTED_DIALECTS) {
  test(`servers that start at once create one root, and its key is sealed (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const others = dialect === "postgres" ? await Promise.all([1, 2].map(() => database.reopen())) : [];
    const all = [database.db, database.db, ...others];
    const roots = await Promise.all(all.map((db) => requireRoots(db, NOW, SECRET)));
    expect(new Set(roots.map(({ pin }) => pin)).size).toBe(1);
    const rows = await database.db.selectFrom("certificateAuthority").selectAll().execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain("PRIVATE KEY");
    await expect(
      issueServerCertificate(database.db, NOW, "another secret, 32 or more characters", NAMES),
    ).rejects.toThrow("Cannot use the private CA: its key was sealed with another secret");
  });

  test(`after a rotation, clients with either root trust the server until the old root retires (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const first = await requireRoots(db, NOW, SECRET);
    const before = await issueServerCertificate(db, NOW, SECRET, NAMES);
    expect(await refusalOf(before, first.certificates[0]!)).toBeUndefined();

    const pin = await rotateAuthority(db, NOW + 1, SECRET, 30 * DAY_MS);
    expect(pin).not.toBe(first.pin);
    const both = await requireRoots(db, NOW + 1, SECRET);
    expect(both.pin).toBe(pin);
    expect(both.certificates.slice(1)).toEqual(first.certificates);
    const during = await issueServerCertificate(db, NOW + 1, SECRET, NAMES);
    for (const root of both.certificates) expect(await refusalOf(during, root)).toBeUndefined();

    // A second rotation within the overlap: the first root certifies the third through the second.
    await rotateAuthority(db, NOW + 2, SECRET, 30 * DAY_MS);
    const three = await requireRoots(db, NOW + 2, SECRET);
    const latest = await issueServerCertificate(db, NOW + 2, SECRET, NAMES);
    expect(three.certificates).toHaveLength(3);
    for (const root of three.certificates) expect(await refusalOf(latest, root)).toBeUndefined();

    expect((await requireRoots(db, NOW + 1 + 30 * DAY_MS, SECRET)).certificates).toHaveLength(2);
    expect(await retireAuthorities(db, NOW + 3)).toBe(2);
    const after = await issueServerCertificate(db, NOW + 3, SECRET, NAMES);
    expect(await refusalOf(after, three.certificates[0]!)).toBeUndefined();
    expect(await refusalOf(after, first.certificates[0]!)).toBeDefined();
    expect((await describeAuthorities(db, NOW + 3)).map(({ pin: one }) => one)).toEqual([
      (await requireRoots(db, NOW + 3, SECRET)).pin,
    ]);
    const actions = await db.selectFrom("auditEvent").select("action").orderBy("sequence").execute();
    expect(actions.map(({ action }) => action.replace("certificate-authority.", ""))).toEqual([
      "created",
      "rotated",
      "rotated",
      "retired",
      "retired",
    ]);
  });

  test(`a server certificate contains the server's names and is valid for 90 days (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { chain, expiresAt } = await issueServerCertificate(database.db, NOW, SECRET, NAMES);
    const certificate = new X509Certificate(chain);
    for (const name of NAMES) expect(certificate.checkHost(name) ?? certificate.checkIP(name)).toBe(name);
    expect(certificate.checkHost("elsewhere.example")).toBeUndefined();
    expect(expiresAt).toBe(NOW + 90 * DAY_MS);
    expect(Date.parse(certificate.validFrom)).toBeLessThanOrEqual(NOW - 6 * DAY_MS);
    expect(certificate.ca).toBe(false);
  });
}
