// The secret of an installation, which signs session cookies and seals the private CA's key: from the environment, else made once
// and kept beside the database.
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MIN_LENGTH = 32;

/** Makes `session.key`, readable by its owner only, unless it exists. */
export function createSessionSecret(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, "session.key");
  const temporary = `${file}.${process.pid}`;
  try {
    // Written whole under another name and then linked: of two servers that start together, both read the first one's key.
    writeFileSync(temporary, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx", flush: true });
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
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
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (secret.length >= MIN_LENGTH) return secret;
  throw new Error(
    `Cannot use ${file}: it is missing or holds no key\nhint: restore it from a backup, or set ATTACKLENS_SECRET to the secret that the server had`,
  );
}
