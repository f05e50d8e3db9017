// Addresses of earlier sign-ins, which are served first while many clients sign in. The list is limited. It
// is in the database, so that a restart keeps it and all servers share it.
import type { Database } from "../db/schema.ts";
import { listSignInAddresses, pruneSignInAddresses, upsertSignInAddress } from "./sign-in-addresses-store.ts";

const MAX_ADDRESSES = 10_000;
const REMEMBERED_MS = 90 * 86_400_000;
/** After this time, the addresses are read again, because other servers may have added some. */
const READ_AGAIN_MS = 60_000;

export type SignInAddresses = ReturnType<typeof openSignInAddresses>;

export function openSignInAddresses(db: Database, now: () => number) {
  let known = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    known = new Set(await listSignInAddresses(db, now() - REMEMBERED_MS, MAX_ADDRESSES));
    readAt = now();
  }

  return {
    /** `address`: from `addressGroup`. */
    async isKnown(address: string): Promise<boolean> {
      if (now() - readAt >= READ_AGAIN_MS) {
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      return known.has(address);
    },
    /** Adds an address that this server has just written. */
    add(address: string): void {
      known.add(address);
    },
  };
}

/** Writes the address, and deletes the oldest ones beyond the limit. */
export async function rememberSignInAddress(tx: Database, address: string, at: number): Promise<void> {
  await upsertSignInAddress(tx, address, at);
  await pruneSignInAddresses(tx, at - REMEMBERED_MS, MAX_ADDRESSES);
}
