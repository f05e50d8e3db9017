// Stores the tables of better-auth with our Kysely: times in milliseconds, flags as 0/1, and session tokens
// only as SHA-256, so that neither the database nor a backup contains a usable session.
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import type { BetterAuthOptions } from "better-auth";
import {
  type CleanedWhere,
  type CustomAdapter,
  createAdapterFactory,
  type DBAdapter,
  type Where,
} from "better-auth/adapters";
import { type Expression, type Kysely, type SqlBool, sql } from "kysely";
import type { Database } from "../db/schema.ts";
import { type Place, statement } from "../db/statement.ts";

const failures = new AsyncLocalStorage<{ error?: unknown }>();

/** Runs calls of better-auth. Throws the original error of the database, which better-auth would hide. */
export async function withDatabaseErrors<T>(work: () => Promise<T>): Promise<T> {
  const failure: { error?: unknown } = {};
  try {
    return await failures.run(failure, work);
  } catch (error) {
    throw failure.error ?? error;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: better-auth names tables and columns as text
type AnyDatabase = Kysely<any>;

/** The `database` option of better-auth. */
export function authStore(db: Database): (options: BetterAuthOptions) => DBAdapter {
  const factory = createAdapterFactory({
    config: {
      adapterId: "attacklens",
      supportsNumericIds: false,
      transaction: false,
      customTransformInput: ({ data }) => {
        if (data instanceof Date) return data.getTime();
        return typeof data === "boolean" ? Number(data) : data;
      },
      customTransformOutput: ({ data, fieldAttributes }) => {
        if (data === null || data === undefined) return data;
        if (fieldAttributes.type === "date") return new Date(Number(data));
        return fieldAttributes.type === "boolean" ? Boolean(data) : data;
      },
    },
    adapter: () => keepErrors(queries(db as unknown as AnyDatabase)),
  });
  return (options) => hashSessionTokens(factory(options));
}

function keepErrors(adapter: CustomAdapter): CustomAdapter {
  const wrapped = Object.entries(adapter).map(([name, query]) => [
    name,
    async (argument: unknown) => {
      try {
        return await (query as (argument: unknown) => Promise<unknown>)(argument);
      } catch (error) {
        const failure = failures.getStore();
        if (failure) failure.error ??= error;
        throw error;
      }
    },
  ]);
  return Object.fromEntries(wrapped) as CustomAdapter;
}

function queries(db: AnyDatabase): CustomAdapter {
  const rows = (model: string, where: CleanedWhere[] = []) =>
    db.selectFrom(model).selectAll().where(conditions(where));
  return {
    async create({ model, data }) {
      return (await db
        .insertInto(model)
        .values(data)
        .returningAll()
        .executeTakeFirstOrThrow()) as typeof data;
    },
    async findOne<T>({ model, where, join }: Parameters<CustomAdapter["findOne"]>[0]) {
      const [first, ...others] = where;
      if (model === "session" && join?.user && first?.field === "token" && others.length === 0)
        return (await findSessionWithUser(db as unknown as Database, first.value)) as T | null;
      if (where.every(isUsual)) return (await findUsual<T>(db, model, where)) ?? null;
      return ((await rows(model, where).limit(1).executeTakeFirst()) as T | undefined) ?? null;
    },
    async findMany<T>(query: Parameters<CustomAdapter["findMany"]>[0]) {
      let select = rows(query.model, query.where).limit(query.limit);
      if (query.sortBy) select = select.orderBy(query.sortBy.field, query.sortBy.direction);
      if (query.offset) select = select.offset(query.offset);
      return (await select.execute()) as T[];
    },
    async count({ model, where }) {
      const count = db
        .selectFrom(model)
        .select(sql<number>`count(*)`.as("count"))
        .where(conditions(where ?? []));
      return Number((await count.executeTakeFirstOrThrow()).count);
    },
    async update<T>({ model, where, update }: { model: string; where: CleanedWhere[]; update: T }) {
      const query = db
        .updateTable(model)
        .set(update as object)
        .where(conditions(where))
        .returningAll();
      return ((await query.executeTakeFirst()) as T | undefined) ?? null;
    },
    async updateMany({ model, where, update }) {
      const result = await db.updateTable(model).set(update).where(conditions(where)).executeTakeFirst();
      return Number(result.numUpdatedRows);
    },
    async delete({ model, where }) {
      await db.deleteFrom(model).where(conditions(where)).execute();
    },
    async deleteMany({ model, where }) {
      return Number((await db.deleteFrom(model).where(conditions(where)).executeTakeFirst()).numDeletedRows);
    },
  };
}

const isUsual = ({ operator, connector, value }: CleanedWhere) =>
  operator === "eq" && connector === "AND" && value !== null && !Array.isArray(value);

type Usual = (db: Database, values: Record<string, unknown>) => Promise<unknown[]>;
/** By their texts. better-auth has few of them. */
const usual = new Map<string, Usual>();

/** Finds the first row whose fields have these values. */
async function findUsual<T>(db: AnyDatabase, model: string, where: CleanedWhere[]): Promise<T | undefined> {
  const fields = where.map(({ field }) => field);
  const key = [model, ...fields].join(" ");
  const find =
    usual.get(key) ??
    statement((db: AnyDatabase, place: Place<Record<string, unknown>>) => {
      const isEqual = fields.map((field, index) => sql<boolean>`${sql.ref(field)} = ${place(String(index))}`);
      return db
        .selectFrom(model)
        .selectAll()
        .where(sql<boolean>`${sql.join(isEqual, sql` and `)}`)
        .limit(1)
        .compile();
    });
  usual.set(key, find);
  const values = Object.fromEntries(where.map(({ value }, index) => [index, value]));
  return (await find(db, values))[0] as T | undefined;
}

const sessionWithUser = statement((db, place: Place<{ token: unknown }>) =>
  db
    .selectFrom("session")
    .innerJoin("user", "user.id", "session.userId")
    .selectAll("session")
    .select(["user.name", "user.email", "user.emailVerified", "user.image"])
    .select(["user.createdAt as userCreatedAt", "user.updatedAt as userUpdatedAt"])
    .where(sql<boolean>`session.token = ${place("token")}`)
    .compile(),
);

/** Each request of a session needs both. better-auth would read them one after the other. */
async function findSessionWithUser(db: Database, token: unknown) {
  const [row] = await sessionWithUser(db, { token });
  if (!row) return null;
  const { name, email, emailVerified, image, userCreatedAt, userUpdatedAt, ...session } = row;
  const times = { createdAt: userCreatedAt, updatedAt: userUpdatedAt };
  return { ...session, user: { id: session.userId, name, email, emailVerified, image, ...times } };
}

const OPERATORS = {
  eq: "=",
  ne: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  in: "in",
  not_in: "not in",
} as const;

/** Requires all `AND` conditions, and at least one of the `OR` conditions if there are any. */
function conditions(where: CleanedWhere[]): Expression<SqlBool> {
  const test = ({ field, operator, value }: CleanedWhere): Expression<SqlBool> => {
    const column = sql.ref(field);
    if (value === null) return operator === "ne" ? sql`${column} is not null` : sql`${column} is null`;
    const comparison = OPERATORS[operator as keyof typeof OPERATORS];
    if (!comparison)
      throw new TypeError(`better-auth asked for the operator ${operator}, which this store does not have`);
    if (!Array.isArray(value)) return sql`${column} ${sql.raw(comparison)} ${value}`;
    return value.length === 0 ? sql`1 = 0` : sql`${column} ${sql.raw(comparison)} (${sql.join(value)})`;
  };
  const all = where.filter(({ connector }) => connector !== "OR").map(test);
  const some = where.filter(({ connector }) => connector === "OR").map(test);
  if (some.length > 0) all.push(sql`(${sql.join(some, sql` or `)})`);
  return all.length === 0 ? sql<SqlBool>`1 = 1` : sql<SqlBool>`${sql.join(all, sql` and `)}`;
}

/** Hashes the token of a session before it is stored, and returns the plain token to the caller. */
function hashSessionTokens(adapter: DBAdapter): DBAdapter {
  const hashWhere = (model: string, where: Where[]): Where[] =>
    model !== "session"
      ? where
      : where.map((condition) =>
          condition.field === "token" ? { ...condition, value: hashValue(condition.value) } : condition,
        );
  const plainToken = (model: string, where: Where[]): { token: string } | undefined => {
    const value = where.find(
      ({ field, operator }) => field === "token" && (operator ?? "eq") === "eq",
    )?.value;
    return model === "session" && typeof value === "string" ? { token: value } : undefined;
  };
  const wrapped: DBAdapter = {
    ...adapter,
    async create<T extends Record<string, unknown>, R = T>(query: Parameters<DBAdapter["create"]>[0]) {
      if (query.model !== "session") return (await adapter.create(query)) as R;
      const { token } = query.data as { token: string };
      const created = await adapter.create({ ...query, data: { ...query.data, token: hash(token) } });
      return { ...created, token } as R;
    },
    async findOne<T>(query: Parameters<DBAdapter["findOne"]>[0]) {
      const found = await adapter.findOne<T>({ ...query, where: hashWhere(query.model, query.where) });
      return found && { ...found, ...plainToken(query.model, query.where) };
    },
    async update<T>(query: Parameters<DBAdapter["update"]>[0]) {
      const updated = await adapter.update<T>({ ...query, where: hashWhere(query.model, query.where) });
      return updated && { ...updated, ...plainToken(query.model, query.where) };
    },
    findMany: (query) => adapter.findMany({ ...query, where: hashWhere(query.model, query.where ?? []) }),
    count: (query) => adapter.count({ ...query, where: hashWhere(query.model, query.where ?? []) }),
    updateMany: (query) => adapter.updateMany({ ...query, where: hashWhere(query.model, query.where) }),
    delete: (query) => adapter.delete({ ...query, where: hashWhere(query.model, query.where) }),
    deleteMany: (query) => adapter.deleteMany({ ...query, where: hashWhere(query.model, query.where) }),
    transaction: (work) => work(wrapped),
  };
  return wrapped;
}

function hashValue(value: Where["value"]): Where["value"] {
  if (Array.isArray(value)) return value.map((each) => hash(String(each)));
  return typeof value === "string" ? hash(value) : value;
}

function hash(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
