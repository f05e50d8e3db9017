// Limits the simultaneous reads of one user, so that one user with many connections cannot delay everyone
// else.
import { Problem } from "@attacklens/protocol/problems.ts";

export const USER_READS = {
  running: 4,
  /** A page of the console sends a few reads at once, and several pages may be open. */
  waiting: 60,
};

export interface UserReads {
  /** Resolves when the read may run. Throws too-many-requests if too many wait. */
  begin(userId: string): Promise<{ release(): void }>;
}

export function openUserReads(limits = USER_READS): UserReads {
  /** Contains only users with reads in progress. */
  const users = new Map<string, { running: number; waiting: (() => void)[] }>();
  return {
    async begin(userId) {
      const user = users.get(userId) ?? { running: 0, waiting: [] };
      if (user.waiting.length >= limits.waiting) {
        throw new Problem(
          "too-many-requests",
          `You have ${limits.waiting} requests waiting already; send fewer at a time`,
          {
            extras: { retryAfterSeconds: 2 },
          },
        );
      }
      users.set(userId, user);
      if (user.running < limits.running) user.running++;
      else await new Promise<void>((resolve) => user.waiting.push(resolve));
      return {
        release() {
          const next = user.waiting.shift();
          if (next) return next();
          if (--user.running === 0) users.delete(userId);
        },
      };
    },
  };
}
