import type { Role } from "@attacklens/protocol/permissions.ts";
import type { Database } from "../db/schema.ts";

export async function countActiveUsers(db: Database, role: Role): Promise<number> {
  const { users } = await db
    .selectFrom("user")
    .where("role", "=", role)
    .where("status", "=", "active")
    .select((eb) => eb.fn.countAll().as("users"))
    .executeTakeFirstOrThrow();
  return Number(users);
}
