// The servers that may share a data folder or a database.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, TESTED_DIALECTS } from "../testing/test-world.ts";
import { DatabaseError } from "./explain.ts";
import { hasSecretCheck, requireSameSecret } from "./installation.ts";
import { lockDataDir } from "./serve-lock.ts";

const SECRETS = ["a".repeat(32), "b".repeat(32)] as const;

for (const dialect of TESTED_DIALECTS) {
  test(`later servers must have the secret of the first server (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const other = await database.reopen();
    expect(await hasSecretCheck(database.db)).toBeFalse();
    await requireSameSecret(database.db, SECRETS[0]);
    expect(await hasSecretCheck(other)).toBeTrue();
    await requireSameSecret(other, SECRETS[0]);
    await expect(requireSameSecret(other, SECRETS[1])).rejects.toThrow("its secret is not the one");
  });

  test(`if servers with different secrets start at once, only one starts (${dialect})`, async () => {
    await using database = await createTestDatabase(dialect);
    const starts = await Promise.allSettled(
      [...SECRETS, "c".repeat(32)].map((secret) => requireSameSecret(database.db, secret)),
    );
    expect(starts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
}

test("a second server on a data folder refuses to start and names the first server, until the first one ends", () => {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-lock-"));
  try {
    const dataDir = join(folder, "data");
    const first = lockDataDir(dataDir, "https://127.0.0.1:8443");
    expect(() => lockDataDir(dataDir, "http://127.0.0.1:8080")).toThrow(DatabaseError);
    expect(() => lockDataDir(dataDir, "http://127.0.0.1:8080")).toThrow(
      `another one uses ${dataDir}: process ${process.pid}, listening on https://127.0.0.1:8443, since 20`,
    );
    first[Symbol.dispose]();
    lockDataDir(dataDir, "http://127.0.0.1:8080")[Symbol.dispose]();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
