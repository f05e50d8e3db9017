// The users that a Super Admin manages, in SQL. Deleted users are not among them.
import { ROLES, type Role } from "@attacklens/protocol/permissions.ts";
import { USER_STATUSES, type UserStatus } from "@attacklens/protocol/users.ts";
import { sql } from "kysely";
import { byNumber, byRank, byText, contains, keysetPage } from "../db/keyset.ts";
import type { Database, UserTable } from "../db/schema.ts";

const LIVE = "deleted" satisfies UserTable["status"];

function users(db: Database, now: number) {
  return db
    .selectFrom("user")
    .select(["user.id", "user.name", "user.email", "user.role", "user.lastSignInAt", "user.createdAt"])
    .select((eb) => [
      sql<UserStatus>`${eb.ref("user.status")}`.as("status"),
      eb
        .selectFrom("oneTimeLink")
        .select((link) => link.fn.max<number | null>("oneTimeLink.expiresAt").as("expiresAt"))
        .whereRef("oneTimeLink.userId", "=", "user.id")
        .where("oneTimeLink.purpose", "=", "invitation")
        .where("oneTimeLink.withdrawnAt", "is", null)
        .as("invitationExpiresAt"),
      eb
        .selectFrom("apiKey")
        .select((key) => key.fn.countAll<number>().as("count"))
        .whereRef("apiKey.createdBy", "=", "user.id")
        .where("apiKey.revokedAt", "is", null)
        .where("apiKey.expiresAt", ">", now)
        .as("apiKeys"),
    ])
    .where("user.status", "<>", LIVE);
}

export type UserRow = NonNullable<Awaited<ReturnType<typeof findListedUser>>>;

const SORTS = {
  name: byText(sql<string>`"user".name_key`),
  email: byText(sql<string>`"user".email`),
  role: byRank(sql<string>`"user".role`, ROLES),
  status: byRank(sql<string>`"user".status`, USER_STATUSES),
  lastSignInAt: byNumber(sql<number>`coalesce("user".last_sign_in_at, 0)`),
  createdAt: byNumber(sql<number>`"user".created_at`),
};

export interface UserPage {
  q?: string | undefined;
  role?: Role | undefined;
  status?: UserStatus | undefined;
  sort: keyof typeof SORTS;
  order: "asc" | "desc";
  cursor?: string | undefined;
  limit: number;
}

export async function pageOfUsers(db: Database, now: number, page: UserPage) {
  const { q, role, status, sort } = page;
  return await keysetPage(
    db,
    { ...page, sort: SORTS[sort], sortName: sort, id: sql<string>`"user".id` },
    (tx) => {
      let query = tx.selectFrom("user").where("user.status", "<>", LIVE);
      if (role) query = query.where("user.role", "=", role);
      if (status) query = query.where("user.status", "=", status);
      if (q)
        query = query.where(
          sql<boolean>`(${contains(sql<string>`"user".name_key`, q)} or ${contains(sql<string>`"user".email`, q)})`,
        );
      return { query, isWalked: false };
    },
    (tx, some) => users(tx, now).where("user.id", "in", some).execute(),
  );
}

export async function findListedUser(db: Database, now: number, id: string) {
  return await users(db, now).where("user.id", "=", id).executeTakeFirst();
}

/** Returns the id of the user who signs in with the email. */
export async function findUserId(db: Database, email: string): Promise<string | undefined> {
  const query = db.selectFrom("user").select("id").where("email", "=", email);
  return (await query.executeTakeFirst())?.id;
}

export async function countActiveUsers(db: Database, role: Role): Promise<number> {
  const { count } = await db
    .selectFrom("user")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("role", "=", role)
    .where("status", "=", "active")
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function updateUserRow(
  tx: Database,
  id: string,
  change: Partial<Pick<UserTable, "name" | "nameKey" | "role" | "status" | "email">> & { updatedAt: number },
): Promise<void> {
  await tx.updateTable("user").set(change).where("id", "=", id).execute();
}
