// What the database records about the installation: the release that wrote it, and a value that detects a
// server with another secret.
import { createHmac, timingSafeEqual } from "node:crypto";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { DatabaseError } from "./explain.ts";
import type { Database } from "./schema.ts";

const WRITTEN_BY = "written-by";
const SECRET_CHECK = "secret-check";

/** Returns the release that last started on this database, or undefined if it was not recorded. */
export async function findWrittenBy(db: Database): Promise<string | undefined> {
  try {
    return await findSetting(db, WRITTEN_BY);
  } catch {
    // A newer schema may not have this table.
    return undefined;
  }
}

export async function recordWrittenBy(db: Database): Promise<void> {
  if ((await findSetting(db, WRITTEN_BY)) === RELEASE) return;
  await db
    .insertInto("setting")
    .values({ name: WRITTEN_BY, value: RELEASE })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: RELEASE }))
    .execute();
}

/** Returns false if no server has started on this database yet, so that any secret is valid. */
export async function hasSecretCheck(db: Database): Promise<boolean> {
  return (await findSetting(db, SECRET_CHECK)) !== undefined;
}

/**
 * Throws DatabaseError unless the secret is that of the first server of this database. The first server
 * records it. Servers with different secrets would refuse each other's sessions and response signatures, and
 * could not open the private CA.
 */
export async function requireSameSecret(db: Database, secret: string): Promise<void> {
  const check = createHmac("sha256", secret).update("attacklens secret check").digest("base64url");
  await db
    .insertInto("setting")
    .values({ name: SECRET_CHECK, value: check })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const found = (await findSetting(db, SECRET_CHECK)) ?? "";
  if (found.length === check.length && timingSafeEqual(Buffer.from(found), Buffer.from(check))) return;
  throw new DatabaseError(
    "Cannot start the server: its secret is not the one that this database was set up with",
    "give every server of the database the same ATTACKLENS_SECRET, or the same session.key in its data folder",
  );
}

async function findSetting(db: Database, name: string): Promise<string | undefined> {
  const row = await db.selectFrom("setting").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value;
}
