// The key that signs session cookies: from the environment, else made once and kept beside the database.
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MIN_LENGTH = 32;

/** Reads or makes `session.key`, readable by its owner only. Throws when the file is there but holds no key. */
export function readSessionSecret(dataDir: string): string {
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
  const secret = readFileSync(file, "utf8").trim();
  if (secret.length >= MIN_LENGTH) return secret;
  throw new Error(
    `Cannot use ${file}: it holds no key; remove it to have a new one made, which signs everybody out`,
  );
}
