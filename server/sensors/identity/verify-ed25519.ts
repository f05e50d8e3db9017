// Verifies Ed25519 signatures. A verification is a large part of a request. In another thread it takes more
// CPU time, but less of the thread that does everything else. So it runs there if requests arrive quickly and
// a core is free for it. See docs/decisions/0037-several-processes.md for the figures.
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { readFileSync } from "node:fs";

/** The longest time since the previous verification while requests arrive quickly. */
const QUICK_MS = 1;
/**
 * In other threads, for each free core: about the number of requests in one turn of the event loop during a
 * rollout. A core verifies them in 7 ms. If it has other work, they end later, and the event loop verifies
 * more.
 */
const MAX_WAITING = 128;
/** An operator may restrict a running server to other cores. */
const LOOK_MS = 5_000;

/** `publicKey` is 32 bytes in base64url. */
export type VerifyEd25519 = (
  text: string,
  publicKey: string,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/**
 * `countFree` returns the number of cores that no process of this server needs. `now`: a clock that is never
 * set.
 */
export function openVerifier(
  countFree: () => number,
  now: () => number = () => performance.now(),
): VerifyEd25519 {
  let free = 0;
  let lookAt = 0;
  /** Verifications in other threads. */
  let running = 0;
  let lastAt = Number.NEGATIVE_INFINITY;

  function isWorthwhile(): boolean {
    const at = now();
    const isQuick = at - lastAt < QUICK_MS;
    lastAt = at;
    if (!isQuick) return false;
    if (at >= lookAt) {
      free = countFree();
      lookAt = at + LOOK_MS;
    }
    return running < free * MAX_WAITING;
  }

  async function verifyElsewhere(text: Buffer, key: KeyObject, signature: Uint8Array): Promise<boolean> {
    running++;
    try {
      return await new Promise<boolean>((resolve, reject) =>
        verify(null, text, key, signature, (error, isValid) => (error ? reject(error) : resolve(isValid))),
      );
    } finally {
      running--;
    }
  }

  return (text, publicKey, signature) => {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
    const bytes = Buffer.from(text);
    return isWorthwhile() ? verifyElsewhere(bytes, key, signature) : verify(null, bytes, key, signature);
  };
}

/** The cores that this process may use, and that are not for one of the server's processes. */
export function countFreeCores(processes: number): number {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
    const cores = list.split(",").reduce((sum, range) => {
      const [first, last = first] = range.split("-").map(Number) as [number, number?];
      return sum + last! - first + 1;
    }, 0);
    return Math.max(0, cores - processes);
  } catch {
    return 0;
  }
}
