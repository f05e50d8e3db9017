// Limits the bytes of request bodies that this process accepts at the same time. Each kind of caller has a
// separate part, so that none can block another, and each caller has a limit within it. A body counts until
// the reply to its request.
import { Problem } from "@attacklens/protocol/problems.ts";

const MIB = 1024 * 1024;

/**
 * `bytes`: the limit for all callers of the kind; `bytesOfOne`: for each of them; `deadlineMs`: the time from
 * the first to the last byte of a body.
 */
export const BODY_PARTS = {
  stranger: { bytes: 16 * MIB, bytesOfOne: 4 * MIB, deadlineMs: 15_000 },
  // Any number of hosts with a valid token may share one address.
  enrolling: { bytes: 16 * MIB, bytesOfOne: 16 * MIB, deadlineMs: 15_000 },
  user: { bytes: 16 * MIB, bytesOfOne: 4 * MIB, deadlineMs: 30_000 },
  sensor: { bytes: 16 * MIB, bytesOfOne: MIB, deadlineMs: 15_000 },
  upload: { bytes: 32 * MIB, bytesOfOne: 4 * MIB, deadlineMs: 30_000 },
};
export type BodyPart = keyof typeof BODY_PARTS;

export interface BodyRoom {
  /** Throws too-many-requests if a limit is reached. `caller`: an address, or an id. */
  reserve(part: BodyPart, caller: string, bytes: number): { release(): void };
}

interface Used {
  used: number;
  /** Only of callers with a body in flight. */
  usedByOne: Map<string, number>;
}

class Reserved {
  constructor(
    private readonly part: Used,
    private readonly caller: string,
    private readonly bytes: number,
  ) {}

  release(): void {
    const { part, caller, bytes } = this;
    part.used -= bytes;
    const rest = (part.usedByOne.get(caller) ?? bytes) - bytes;
    if (rest > 0) part.usedByOne.set(caller, rest);
    else part.usedByOne.delete(caller);
  }
}

export function openBodyRoom(): BodyRoom {
  const open = (): Used => ({ used: 0, usedByOne: new Map<string, number>() });
  const parts: Record<BodyPart, Used> = {
    stranger: open(),
    enrolling: open(),
    user: open(),
    sensor: open(),
    upload: open(),
  };
  return {
    reserve(name, caller, bytes) {
      const part = parts[name];
      const { usedByOne } = part;
      const own = (usedByOne.get(caller) ?? 0) + bytes;
      if (part.used + bytes > BODY_PARTS[name].bytes || own > BODY_PARTS[name].bytesOfOne) {
        throw new Problem(
          "too-many-requests",
          "Too many request bodies are being read; nothing was changed",
          {
            extras: { retryAfterSeconds: 5 },
          },
        );
      }
      part.used += bytes;
      usedByOne.set(caller, own);
      return new Reserved(part, caller, bytes);
    },
  };
}
