// Failed sign-ins as audit events. Attempts for one account from one address within 15 minutes are at most
// two events, and all attempts are at most 200: an attacker cannot fill the disk. They are written by a job,
// so that the time of a reply does not depend on whether an account exists.
import { type AuditEvent, recordAuditEvents } from "../audit/audit.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { toInstant } from "../ids.ts";
import { findUserByEmail } from "./users-store.ts";

export const FAILED_SIGN_IN_LIMITS = {
  windowMs: 15 * 60_000,
  /** Accounts with addresses of one window. The attempts for others are counted together. */
  keys: 100,
  /** The same of one address, so that guesses for many accounts do not hide those from another address. */
  keysOfAddress: 20,
};

/** `email` undefined: several accounts. `address` undefined: several addresses, too. */
interface Source {
  email?: string;
  address?: string;
}

/** Why an attempt failed. */
export type SignInFailure = "wrong-credentials" | "rate-limited";

interface Failures {
  source: Source;
  firstAt: number;
  lastAt: number;
  /** Those that no event contains yet. */
  attempts: number;
  rateLimited: number;
  /** The first event is written. The second one is written when the window ends. */
  isReported: boolean;
}

export function openFailedSignIns(db: Database, now: () => number, limits = FAILED_SIGN_IN_LIMITS) {
  const waiting = new Map<string, Failures>();

  function record(source: Required<Source>, failure: SignInFailure): void {
    const counted = countedAs(source);
    const key = keyOf(counted);
    const at = now();
    const failures = waiting.get(key) ?? {
      source: counted,
      ...{ firstAt: at, lastAt: at, attempts: 0, rateLimited: 0, isReported: false },
    };
    failures.lastAt = at;
    failures.attempts++;
    if (failure === "rate-limited") failures.rateLimited++;
    waiting.set(key, failures);
  }

  function countedAs(source: Required<Source>): Source {
    if (waiting.has(keyOf(source))) return source;
    const ofAddress = [...waiting.values()].filter((one) => one.source.address === source.address);
    const { address } = source;
    if (ofAddress.length >= limits.keysOfAddress) return { address };
    return waiting.size >= limits.keys ? {} : source;
  }

  async function write(isLast: boolean): Promise<void> {
    const isOver = ({ firstAt }: Failures) => isLast || now() - firstAt >= limits.windowMs;
    const due = [...waiting.values()].filter((one) => one.attempts > 0 && (!one.isReported || isOver(one)));
    const written = due.map(({ attempts, rateLimited }) => ({ attempts, rateLimited }));
    const events = await Promise.all(due.map((failures) => describe(db, failures)));
    await inTransaction(db, (tx) => recordAuditEvents(tx, events));
    for (const [index, failures] of due.entries()) {
      failures.isReported = true;
      // Others may have failed since.
      failures.attempts -= written[index]!.attempts;
      failures.rateLimited -= written[index]!.rateLimited;
    }
    for (const [key, failures] of waiting)
      if (isOver(failures) && failures.attempts === 0) waiting.delete(key);
  }

  let running = Promise.resolve();

  /** Writes the first attempts of each window, and the others when it has ended. `isLast`: all of them. */
  function flush({ isLast = false } = {}): Promise<void> {
    running = running.catch(() => undefined).then(() => write(isLast));
    return running;
  }

  return { record, flush };
}

export type FailedSignIns = ReturnType<typeof openFailedSignIns>;

const keyOf = ({ email = "", address = "" }: Source) => `${address} ${email}`;

async function describe(
  db: Database,
  { source: { email, address }, firstAt, lastAt, attempts, rateLimited }: Failures,
): Promise<AuditEvent> {
  const user = email === undefined ? undefined : await findUserByEmail(db, email);
  return {
    at: lastAt,
    actor: { type: "anonymous", id: "anonymous", name: "Not signed in", address },
    action: "user.sign-in-failed",
    entity: { type: "user", id: user?.id ?? "unknown", name: user?.name ?? email ?? "Several accounts" },
    details: { attempts, rateLimited, firstAt: toInstant(firstAt), email },
  };
}
