// The addresses from which somebody has signed in, which are served first while many sign in. Bounded, and in the database: a
// restart does not forget them, and all servers share them.
import type { Database } from "../db/schema.ts";

const MAX_ADDRESSES = 10_000;
const REMEMBERED_MS = 90 * 86_400_000;
/** After this time the addresses are read again, for those that other servers have added. */
const READ_AGAIN_MS = 60_000;

export function openSignInAddresses(db: Database, now: () => number) {
  let known = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const rows = await db
      .selectFrom("signInAddress")
      .select("address")
      .where("signedInAt", ">", now() - REMEMBERED_MS)
      .orderBy("signedInAt", "desc")
      .limit(MAX_ADDRESSES)
      .execute();
    known = new Set(rows.map(({ address }) => address));
    readAt = now();
  }

  return {
    /** `address` as `addressGroup` returns it. */
    async isKnown(address: string): Promise<boolean> {
      if (now() - readAt >= READ_AGAIN_MS) {
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      return known.has(address);
    },
    /** Adds what this server has just written. */
    add(address: string): void {
      known.add(address);
    },
  };
}

/** Writes the address, and removes the oldest ones beyond the bound. */
export async function rememberSignInAddress(tx: Database, address: string, at: number): Promise<void> {
  await tx
    .insertInto("signInAddress")
    .values({ address, signedInAt: at })
    .onConflict((conflict) => conflict.column("address").doUpdateSet({ signedInAt: at }))
    .execute();
  const beyond = await tx
    .selectFrom("signInAddress")
    .select("signedInAt")
    .orderBy("signedInAt", "desc")
    .offset(MAX_ADDRESSES)
    .limit(1)
    .executeTakeFirst();
  const oldest = Math.max(at - REMEMBERED_MS, beyond?.signedInAt ?? 0);
  await tx.deleteFrom("signInAddress").where("signedInAt", "<=", oldest).execute();
}
