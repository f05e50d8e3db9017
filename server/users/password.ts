// Passwords: Argon2id hashes, and the required strength.
import { PASSWORD_LENGTH } from "@attacklens/protocol/account.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import type { ZxcvbnFactory } from "@zxcvbn-ts/core";

/** zxcvbn's scale ends at 4; 3 means more than 10^8 guesses. */
const MIN_SCORE = 3;
/** The number of characters of a password that the check reads. */
const MAX_CHECKED = 50;

/** Keyboards send é as one or as two characters. Both are the same password (NIST SP 800-63B, 5.1.1.2). */
const normalized = (password: string) => password.normalize("NFKC");

/** OWASP's first recommendation for Argon2id: 19 MiB, 2 passes, 1 lane. */
export async function hashPassword(password: string): Promise<string> {
  return await Bun.password.hash(normalized(password), {
    algorithm: "argon2id",
    memoryCost: 19_456,
    timeCost: 2,
  });
}

export async function verifyPassword({
  hash,
  password,
}: {
  hash: string;
  password: string;
}): Promise<boolean> {
  return await Bun.password.verify(normalized(password), hash);
}

let checker: Promise<ZxcvbnFactory> | undefined;

/** Loads the dictionaries, which takes a tenth of the time that a server needs to start. */
async function openChecker(): Promise<ZxcvbnFactory> {
  const [core, common] = await Promise.all([import("@zxcvbn-ts/core"), import("@zxcvbn-ts/language-common")]);
  return new core.ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs });
}

/** `known`: words that an attacker tries first, such as the user's name and email. Throws input-invalid. */
export async function refuseWeakPassword(password: string, known: string[]): Promise<void> {
  checker ??= openChecker();
  const words = known
    .flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)])
    .filter(({ length }) => length > 2);
  // The check blocks for a time that grows with the square of the length. Further characters never weaken a
  // password.
  const checked = normalized(password).slice(0, MAX_CHECKED);
  const { score } = (await checker).check(checked, [...words, "attacklens"]);
  if (score >= MIN_SCORE && normalized(password).length >= PASSWORD_LENGTH.min) return;
  const message = "is too easy to guess; several unrelated words make a better one";
  throw new Problem("input-invalid", `Cannot set password: it ${message}`, { fields: { password: message } });
}
