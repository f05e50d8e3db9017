// The state between the password and the second factor. The client holds it, sealed, so that no server stores
// anything for a sign-in that does not continue.
import { createHash } from "node:crypto";
import { Problem } from "@attacklens/protocol/problems.ts";
import { z } from "zod";
import { seal, unseal } from "../sealed.ts";

const PURPOSE = "sign-in step";
const VALID_MS = 5 * 60_000;

const content = z.strictObject({
  userId: z.string(),
  /** Of the password's hash: a change of the password ends the sign-in. */
  passwordDigest: z.string(),
  expiresAt: z.number(),
});

const digestOf = (passwordHash: string) =>
  createHash("sha256").update(passwordHash).digest("base64url").slice(0, 22);

export function openSignInSteps(secret: string, now: () => number) {
  return {
    issue(userId: string, passwordHash: string): string {
      const passwordDigest = digestOf(passwordHash);
      const step = { userId, passwordDigest, expiresAt: now() + VALID_MS };
      return seal(secret, PURPOSE, Buffer.from(JSON.stringify(step)));
    },
    /**
     * Returns the user of the step, and the hash of the password. `passwordHashOf` returns the current hash.
     * Throws state-conflict if the step is over.
     */
    async read(
      step: string,
      passwordHashOf: (userId: string) => Promise<string | undefined>,
    ): Promise<{ userId: string; passwordHash: string }> {
      const parsed = parse(secret, step);
      const hash = parsed && (await passwordHashOf(parsed.userId));
      if (parsed && hash && parsed.expiresAt > now() && digestOf(hash) === parsed.passwordDigest)
        return { userId: parsed.userId, passwordHash: hash };
      throw new Problem("state-conflict", "This sign-in has taken too long. Enter your password again.");
    },
  };
}

function parse(secret: string, step: string): z.infer<typeof content> | undefined {
  try {
    return content.parse(JSON.parse(Buffer.from(unseal(secret, PURPOSE, step)).toString()));
  } catch {
    return undefined;
  }
}
