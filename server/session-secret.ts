// The secret of an installation, which signs session cookies and seals the private CA's key. It comes from
// the environment, or is created once and stored beside the database.

import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { hasSecretCheck, requireSameSecret } from "./db/installation.ts";
import type { Database } from "./db/schema.ts";

const MIN_LENGTH = 32;

/**
 * Returns the operator's secret, or that of the data folder. Creates the latter if no server has started on
 * the database yet. Throws if another secret was used with the database.
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
    // Written under a temporary name and then linked, so that two servers that start at once read the same
    // key.
    writeFileSync(temporary, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx", flush: true });
    linkSync(temporary, file);
  } catch (error) {
    if (errnoCode(error) !== "EEXIST") throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Throws if `session.key` does not exist or contains no key. */
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
