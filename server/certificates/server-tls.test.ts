import { expect, spyOn, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { rotateAuthority } from "./certificates.ts";
import { openServerTls } from "./server-tls.ts";
import { issue, makeAuthority } from "./x509.ts";

const DAY_MS = 86_400_000;
const SECRET = "a secret of the tests, 32 or more characters";
const log = pino({ level: "silent" });

for (const dialect of TESTED_DIALECTS) {
  test(`a certificate of the private CA is renewed 30 days before it expires, and after a rotation of the CA (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const { db } = database;
    const clock = { ms: Date.now() };
    const names = ["localhost"];
    const tls = await openServerTls({
      db,
      now: () => clock.ms,
      secret: SECRET,
      files: undefined,
      names,
      log,
    });
    const first = tls.certificate();
    expect(await tls.renew()).toBe(false);
    clock.ms += 60 * DAY_MS - 1;
    expect(await tls.renew()).toBe(false);
    clock.ms += 1;
    expect(await tls.renew()).toBe(true);
    expect(tls.certificate().expiresAt).toBe(clock.ms + 90 * DAY_MS);
    expect(tls.certificate().privateKey).not.toBe(first.privateKey);

    const before = tls.roots()!.pins;
    const pin = await rotateAuthority(db, clock.ms, SECRET, 30 * DAY_MS);
    clock.ms += 1;
    expect(await tls.renew()).toBe(true);
    expect(tls.roots()).toMatchObject({ pin, pins: [pin, ...before] });
    // At the end of the overlap, the old root is removed.
    clock.ms += 30 * DAY_MS;
    expect(await tls.renew()).toBe(true);
    expect(tls.roots()?.pins).toEqual([pin]);
  });
}

test("a reload reads the operator's files; with an unusable file it reports the reason and keeps the served certificate", async () => {
  await using database = await createTestDatabase("sqlite");
  const folder = mkdtempSync(join(tmpdir(), "attacklens-tls-"));
  try {
    const [certificate, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
    const authority = await makeAuthority(Date.now());
    const write = async () => {
      const made = await issue(authority, ["localhost"], [], Date.now());
      writeFileSync(certificate, made.chain);
      writeFileSync(key, made.privateKey);
      return made;
    };
    const first = await write();
    const files = { certificate, key };
    const clock = { ms: Date.now() };
    const tls = await openServerTls({
      db: database.db,
      now: () => clock.ms,
      secret: SECRET,
      files,
      names: [],
      log,
    });
    expect(tls.certificate()).toMatchObject({ chain: first.chain, privateKey: first.privateKey });
    expect(tls.roots()).toBeUndefined();
    const warnings = spyOn(log, "warn");
    expect(await tls.renew()).toBe(false);
    clock.ms = first.expiresAt - 14 * DAY_MS;
    for (const afterMs of [0, DAY_MS - 1, 1]) {
      clock.ms += afterMs;
      expect(await tls.renew()).toBe(false);
    }
    expect(warnings).toHaveBeenCalledTimes(2);
    warnings.mockRestore();
    clock.ms = Date.now();
    const second = await write();
    expect(await tls.reload()).toBe(true);
    expect(tls.certificate().chain).toBe(second.chain);

    clock.ms = second.expiresAt;
    await expect(tls.reload()).rejects.toThrow(`Can't use ${certificate}: the certificate expired at`);
    const errors = spyOn(log, "error");
    expect(await tls.renew()).toBe(false);
    expect(errors.mock.lastCall?.[1]).toStartWith("the certificate has expired");
    errors.mockRestore();
    clock.ms = Date.now() - 30 * DAY_MS;
    await expect(tls.reload()).rejects.toThrow(
      `Can't use ${certificate}: the certificate is not valid before`,
    );
    clock.ms = Date.now();

    writeFileSync(key, first.privateKey);
    await expect(tls.reload()).rejects.toThrow(
      `Cannot use ${key}: it is not the private key of ${certificate}`,
    );
    writeFileSync(certificate, "nonsense");
    await expect(tls.reload()).rejects.toThrow(`Cannot use ${certificate}: it is not a certificate in PEM`);
    rmSync(key);
    await expect(tls.reload()).rejects.toThrow(`Can't use ${key}: it, or a folder above it, does not exist`);
    expect(tls.certificate().chain).toBe(second.chain);
    expect(execFileSync("ls", [folder]).toString()).toBe("tls.crt\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
