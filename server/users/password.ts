// Argon2id hashes of passwords. password-policy.ts has the rules for new ones.

/** Keyboards send é as one or as two characters. Both are the same password (NIST SP 800-63B, 5.1.1.2). */
export const normalizedPassword = (password: string) => password.normalize("NFKC");

/** OWASP's first recommendation for Argon2id: 19 MiB, 2 passes, 1 lane. */
export async function hashPassword(password: string): Promise<string> {
  return await Bun.password.hash(normalizedPassword(password), {
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
  return await Bun.password.verify(normalizedPassword(password), hash);
}
