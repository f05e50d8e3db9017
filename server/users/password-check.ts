// Checks the password of a user: limited by failed attempts, and in fair queues. Sign-in, the confirmation of
// a session, and the change of a password use it.
import { Problem } from "@attacklens/protocol/problems.ts";
import type { Database } from "../db/schema.ts";
import { addressGroup, isLoopback } from "../networks.ts";
import type { FailedSignIns } from "./failed-sign-ins.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { type AttemptCounts, type AttemptKey, beginAttempt } from "./rate-limit.ts";
import type { SignInAddresses } from "./sign-in-addresses.ts";
import { openSignInQueue, type SignInClient, shareOfQueue } from "./sign-in-queue.ts";
import { findCredential } from "./users-store.ts";

interface PasswordCheckOptions {
  attempts: AttemptCounts;
  addresses: SignInAddresses;
  failures: FailedSignIns;
  /** The processes of the server. Each checks its share of the passwords. */
  processes?: number | undefined;
}

/** A correct password, and the hash that it matches. */
interface CheckedPassword {
  userId: string;
  passwordHash: string;
}

export function openPasswordCheck(db: Database, options: PasswordCheckOptions) {
  const { attempts, addresses, failures, processes = 1 } = options;
  const queue = openSignInQueue(shareOfQueue(processes));

  async function verify(email: string, password: string): Promise<CheckedPassword | undefined> {
    const credential = await findCredential(db, email);
    if (credential)
      return (await verifyPassword({ ...credential, password })) ? found(credential) : undefined;
    // An unknown email takes as long as a wrong password.
    await hashPassword(password);
    return undefined;
  }

  /** Returns undefined for a wrong email or password, or for a disabled user. Throws too-many-requests. */
  return async (email: string, password: string, address: string): Promise<CheckedPassword | undefined> => {
    const group = addressGroup(address);
    const client = { group, isKnown: await addresses.isKnown(group.address), isShared: isLoopback(address) };
    const keys = keysOf(email, client);
    await beginAttempt(attempts, keys).catch((error) => {
      failures.record({ email, address }, "rate-limited");
      throw error;
    });
    const checked = await queue
      .run(client, () => verify(email, password))
      .catch(async (error) => {
        await attempts.end(keys, "not-made");
        throw error;
      });
    if (checked) await attempts.end(keys, "succeeded");
    else failures.record({ email, address }, "wrong-credentials");
    return checked;
  };
}

function found({ userId, hash }: { userId: string; hash: string }): CheckedPassword {
  return { userId, passwordHash: hash };
}

/** Returns what the attempt counts for. */
function keysOf(email: string, client: SignInClient & { isShared: boolean }): AttemptKey[] {
  const { address, network } = client.group;
  const pair: AttemptKey = ["signIn", `${address} ${email}`];
  // All clients share this address, so with a limit one client could lock all others out.
  if (client.isShared) return [pair];
  const all: AttemptKey[] = [pair, ["signInFromAddress", address]];
  return client.isKnown || network === address ? all : [...all, ["signInFromNetwork", network]];
}

/** The problem of a form in which the user enters their own password. */
export function wrongPassword(field: string): Problem {
  const fields = { [field]: "is not correct" };
  return new Problem("input-invalid", "The password is not correct", { fields });
}
