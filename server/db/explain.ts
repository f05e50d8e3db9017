// Explains to the operator why a program can't use its database.
import { errnoCode } from "@attacklens/protocol/errno-code.ts";
import { RELEASE } from "@attacklens/protocol/version.ts";

export class DatabaseError extends Error {
  constructor(
    message: string,
    readonly hint: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

interface Location {
  dataDir: string;
  databaseUrl?: string | undefined;
}

export function explainNoDatabase({ dataDir }: Location): DatabaseError {
  return new DatabaseError(
    `Cannot open the database: there is none in ${dataDir}`,
    "name the data folder of your server with --data; attacklens serve creates one where there is none",
  );
}

/** `schema` is the last migration that the database has; undefined: none. */
export function explainOlderSchema(schema: string | undefined, location: Location): DatabaseError {
  return new DatabaseError(
    schema === undefined
      ? `Cannot open the database: no server has set up ${placeOf(location)} yet`
      : `Cannot open the database: it has the schema ${schema} of an earlier release, and this is AttackLens ${RELEASE}`,
    schema === undefined
      ? "start attacklens serve, which sets it up"
      : "start attacklens serve of this release once, which upgrades the database",
  );
}

export function explainNewerSchema(
  writtenBy: string | undefined,
  schema: string,
  location: Location,
): DatabaseError {
  const newer = writtenBy === undefined ? "a newer AttackLens" : `AttackLens ${writtenBy}`;
  const copy = location.databaseUrl
    ? "a dump of the database"
    : `a backup, or attacklens.db.before-upgrade-from-… in ${location.dataDir}`;
  return new DatabaseError(
    `Cannot open the database: ${newer} wrote it with the schema ${schema}, which this AttackLens ${RELEASE} does not know; nothing was changed`,
    `start the newer release; to return to this one, restore ${copy} from before the upgrade`,
  );
}

export function explainHalfMigrated(
  schema: string | undefined,
  { dataDir }: Location,
  cause: unknown,
): DatabaseError {
  const since = schema === undefined ? "its first start" : `the upgrade from the schema ${schema}`;
  const file = `${dataDir}/attacklens.db`;
  return new DatabaseError(
    `Cannot upgrade the database: an earlier build was interrupted in ${since} and left the schema half migrated; nothing was changed`,
    schema === undefined
      ? `it holds no data yet: move ${file}, ${file}-wal and ${file}-shm away and start again`
      : `restore a backup from before that upgrade into ${dataDir}`,
    cause,
  );
}

function placeOf({ dataDir, databaseUrl }: Location): string {
  return databaseUrl ? "the database of DATABASE_URL" : dataDir;
}

/** Explains an error of the system or the database to the operator. Returns undefined for any other error. */
export function explainDatabase(error: unknown): string | undefined {
  if (error instanceof DatabaseError) return `${error.message}\nhint: ${error.hint}`;
  const code = errnoCode(error);
  const { message = "" } = (error ?? {}) as Partial<Error>;
  if (code === "ENOSPC" || code === "SQLITE_FULL" || code === "53100") {
    return "Cannot write the data: no space left on the device; nothing was changed\nhint: free some space";
  }
  if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT") {
    return "Cannot open the database: attacklens.db is damaged or is not a database; it was left as it is\nhint: restore it from a backup";
  }
  if (/^SQLITE_CANTOPEN/.test(String(code)))
    return "Cannot open the database: attacklens.db in the data folder cannot be opened\nhint: check that it is a file, and that this user may read and write it and its folder";
  if (/^SQLITE_(READONLY|PERM)/.test(String(code)))
    return "Cannot write the database: attacklens.db or its folder is read-only for this user\nhint: change their owner or their mode, or start AttackLens as their owner";
  if (/^SQLITE_(BUSY|LOCKED)/.test(String(code)))
    return "Cannot open the database: another program keeps attacklens.db locked\nhint: stop that program, e.g. a backup or sqlite3";
  if (/^SQLITE_IOERR/.test(String(code)))
    return "Cannot use the database: the disk of attacklens.db reports an error\nhint: check the disk, and the system's log";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return "Cannot reach PostgreSQL: the host name in DATABASE_URL has no address\nhint: check its spelling, and this host's DNS";
  if (
    ["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"].includes(String(code)) ||
    /^(timeout exceeded when trying to connect|timeout expired|Connection terminated)/.test(message)
  )
    return "Cannot reach PostgreSQL: the host in DATABASE_URL does not reply\nhint: check host and port, and the firewalls on the way";
  if (code === "57P03")
    return "Cannot open the database: PostgreSQL is starting, or shutting down\nhint: try again in a moment";
  if (code === "55000")
    return "Cannot open the database: PostgreSQL accepts no connections to it\nhint: ALTER DATABASE … ALLOW_CONNECTIONS true";
  if (code === "53300")
    return "Cannot open the database: PostgreSQL has no connection left\nhint: raise its max_connections, or lower ATTACKLENS_DATABASE_POOL";
  if (code === "25006")
    return "Cannot write the database: PostgreSQL is read-only\nhint: name the primary in DATABASE_URL, not a standby";
  if (code === "42501")
    return "Cannot set up the database: the user in DATABASE_URL may not create tables\nhint: make it the owner of the database";
  if (/does not support SSL/.test(message))
    return "Cannot reach PostgreSQL: it does not speak TLS, which sslmode in DATABASE_URL asks for\nhint: turn TLS on in PostgreSQL, or remove sslmode";
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_|ALTNAME/.test(String(code)))
    return `Cannot reach PostgreSQL: its certificate is not trusted (${message})\nhint: name its CA with sslrootcert=FILE in DATABASE_URL`;
  if (code === "ECONNREFUSED")
    return "Cannot reach PostgreSQL: nothing listens at the address in DATABASE_URL\nhint: start PostgreSQL, or correct host and port";
  if (code === "28P01" || code === "28000")
    return "Cannot open the database: PostgreSQL refuses the user or password in DATABASE_URL\nhint: correct them, or allow the user in pg_hba.conf";
  return code === "3D000"
    ? "Cannot open the database: PostgreSQL has no database with the name in DATABASE_URL\nhint: create it with createdb, or correct the name"
    : undefined;
}
