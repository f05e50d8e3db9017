// An installation like a user's: the built server, its first Super Admin, and users of other roles.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { signIn } from "@attacklens/protocol/account.ts";
import { ROLE_NAMES, type Role } from "@attacklens/protocol/permissions.ts";
import type { Route, RouteOutput, RouteRequest } from "@attacklens/protocol/route.ts";
import { call, type Session } from "../../harness/api-client.ts";
import { createTestDatabase } from "../../harness/databases.ts";
import {
  type RunningServer,
  runServerCommand,
  type ServerOptions,
  startServer,
} from "../../harness/programs.ts";
import { openTemporaryFolder } from "../../harness/temporary-folder.ts";
import { copyPreparedData, SUPER_ADMIN, setUp } from "./prepared-data.ts";

export const PASSWORD = SUPER_ADMIN.password;

/** A user who is signed in to the HTTP API. */
export interface User {
  name: string;
  email: string;
  session: Session;
  call<R extends Route>(route: R, request?: Partial<RouteRequest<R>>): Promise<RouteOutput<R>>;
}

export interface Installation extends AsyncDisposable {
  server: RunningServer;
  /** Contains everything that the programs write: `server/`, `server.log`, and the files of a test. */
  folder: string;
  /** The URL of its PostgreSQL database. Undefined: SQLite. */
  databaseUrl: string | undefined;
  /** Uses the setup link, or signs in if the data has the Super Admin already. */
  createSuperAdmin(): Promise<User>;
  /** Runs `attacklens user create`, as an administrator does on the server host. */
  createUser(role: Role): Promise<User>;
}

export interface InstallationOptions {
  database: "sqlite" | "postgres";
  /** The server starts without data, with the setup link. Otherwise, SQLite data has the Super Admin. */
  isNew?: boolean;
  /** 60 when absent, as in production. */
  checkInIntervalSeconds?: number;
  /** 30 when absent. */
  keyMaxAgeDays?: number;
  /** `info` when absent. */
  logLevel?: "debug";
  /** `127.0.0.1:0`, any free port, when absent. */
  listen?: string;
  /** Other settings of the server. */
  environment?: Record<string, string>;
  /** The address of the proxy in front of the server. */
  publicUrl?: string;
}

/** The address of an installation that is gone. The browser of this process has compiled its console. */
let knownAddress: string | undefined;

/** Starts the server at the known address, if no other program has taken it. */
async function startAtKnownAddress(options: ServerOptions): Promise<RunningServer> {
  const listen = knownAddress;
  knownAddress = undefined;
  try {
    return await startServer({ ...options, listen });
  } catch (error) {
    const isTaken = readFileSync(options.logFile, "utf8").includes("in use by another program");
    if (listen === undefined || !isTaken) throw error;
    return await startServer(options);
  }
}

export async function openInstallation(options: InstallationOptions): Promise<Installation> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(openTemporaryFolder("e2e")).path;
  const database = options.database === "postgres" ? opening.use(await createTestDatabase()) : undefined;
  const dataDir = join(folder, "server");
  const isPrepared = options.database === "sqlite" && !options.isNew;
  const preparedSession = isPrepared ? await copyPreparedData(dataDir) : undefined;
  const { listen } = options;
  const serverOptions: ServerOptions = {
    dataDir,
    logFile: join(folder, "server.log"),
    databaseUrl: database?.url,
    environment: {
      ATTACKLENS_CHECK_IN_INTERVAL: String(options.checkInIntervalSeconds ?? 60),
      ATTACKLENS_KEY_MAX_AGE_DAYS: String(options.keyMaxAgeDays ?? 30),
      ATTACKLENS_LOG_LEVEL: options.logLevel ?? "info",
      ...(options.publicUrl ? { ATTACKLENS_PUBLIC_URL: options.publicUrl } : {}),
      ...options.environment,
    },
  };
  const server = await (listen === undefined
    ? startAtKnownAddress(serverOptions)
    : startServer({ ...serverOptions, listen }));
  // After the server has stopped.
  opening.defer(() => {
    if (listen === undefined) knownAddress = new URL(server.url).host;
  });
  opening.use(server);
  const opened = opening.move();
  const url = options.publicUrl ?? server.url;

  function user(name: string, email: string, session: Session): User {
    return { name, email, session, call: (route, request) => call(url, route, request, session) };
  }
  return {
    server,
    folder,
    databaseUrl: database?.url,
    async createSuperAdmin() {
      const { name, email, password } = SUPER_ADMIN;
      if (server.setupLink) return user(name, email, await setUp(url, server.setupLink));
      // Over HTTPS, the cookie has another name.
      if (preparedSession && url.startsWith("http:")) return user(name, email, preparedSession);
      const session: Session = {};
      await call(url, signIn, { body: { email, password } }, session);
      return user(name, email, session);
    },
    async createUser(role) {
      const [name, email, session] = [`Vera ${ROLE_NAMES[role]}`, `${role}@example.com`, {}];
      const args = ["user", "create", "--data", dataDir, "--email", email, "--name", name, "--role", role];
      const environment = database ? { DATABASE_URL: database.url } : undefined;
      const { code, stderr } = await runServerCommand(args, { stdin: PASSWORD, environment });
      if (code !== 0) throw new Error(stderr);
      await call(url, signIn, { body: { email, password: PASSWORD } }, session);
      return user(name, email, session);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
