// Limits the bytes of request bodies that this process accepts at the same time. Each kind of caller has a
// separate part, so that none can starve another, and within it each caller has a limit. A body counts until
// its request has its reply.
import { Problem } from "@attacklens/protocol/problems.ts";

const MIB = 1024 * 1024;

/**
 * `bytes`: of all callers of the kind; `bytesOfOne`: of one of them; `deadlineMs`: from the first byte of a
 * body to its last.
 */
export const BODY_PARTS = {
  stranger: { bytes: 16 * MIB, bytesOfOne: 4 * MIB, deadlineMs: 15_000 },
  // Any number of hosts may come from behind one address with a token that exists.
  enrolling: { bytes: 16 * MIB, bytesOfOne: 16 * MIB, deadlineMs: 15_000 },
  user: { bytes: 16 * MIB, bytesOfOne: 4 * MIB, deadlineMs: 30_000 },
  sensor: { bytes: 16 * MIB, bytesOfOne: MIB, deadlineMs: 15_000 },
  upload: { bytes: 32 * MIB, bytesOfOne: 4 * MIB, deadlineMs: 30_000 },
};
export type BodyPart = keyof typeof BODY_PARTS;

export interface BodyRoom {
  /** Throws too-many-requests when there is no room. `caller`: an address, or an id. */
  reserve(part: BodyPart, caller: string, bytes: number): { release(): void };
}

export function openBodyRoom(): BodyRoom {
  const used = new Map<BodyPart, number>();
  /** Only of callers that have a body in flight. */
  const usedByOne = new Map<string, number>();
  return {
    reserve(part, caller, bytes) {
      const key = `${part} ${caller}`;
      const [all, own] = [(used.get(part) ?? 0) + bytes, (usedByOne.get(key) ?? 0) + bytes];
      if (all > BODY_PARTS[part].bytes || own > BODY_PARTS[part].bytesOfOne) {
        throw new Problem(
          "too-many-requests",
          "Too many request bodies are being read; nothing was changed",
          {
            extras: { retryAfterSeconds: 5 },
          },
        );
      }
      used.set(part, all);
      usedByOne.set(key, own);
      return {
        release() {
          used.set(part, (used.get(part) ?? bytes) - bytes);
          const rest = (usedByOne.get(key) ?? bytes) - bytes;
          if (rest > 0) usedByOne.set(key, rest);
          else usedByOne.delete(key);
        },
      };
    },
  };
}
