// The secret of an installation, which signs session cookies and seals the private CA's key: from the
// environment, else created once and kept beside the database.

import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { hasSecretCheck, requireSameSecret } from "./db/installation.ts";
import type { Database } from "./db/schema.ts";

const MIN_LENGTH = 32;

/**
 * The operator's secret, else the one of the data folder, which is created before any server has started on
 * the database. Throws when another secret was used with the database.
 */
export async function readSecret(
  db: Database,
  { secret: given, dataDir }: { secret?: string | undefined; dataDir: string },
): Promise<string> {
  if (given === undefined && !(await hasSecretCheck(db))) createSessionSecret(dataDir);
  const secret = given ?? readSessionSecret(dataDir);
  await requireSameSecret(db, secret);
  return secret;
}

/** Creates `session.key`, readable by its owner only, unless it exists. */
function createSessionSecret(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, "session.key");
  const temporary = `${file}.${process.pid}`;
  try {
    // Written whole under another name and then linked: of two servers that start together, both read the
    // first one's key.
    writeFileSync(temporary, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx", flush: true });
    linkSync(temporary, file);
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Throws when `session.key` does not exist or holds no key. */
export function readSessionSecret(dataDir: string): string {
  const file = join(dataDir, "session.key");
  let secret = "";
  try {
    secret = readFileSync(file, "utf8").trim();
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
  }
  if (secret.length >= MIN_LENGTH) return secret;
  throw new Error(
    `Cannot use ${file}: it is missing or holds no key\nhint: restore it from a backup, or set ATTACKLENS_SECRET to the secret that the server had`,
  );
}
