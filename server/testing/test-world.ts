// The environment of a server test: a new, migrated database of either kind, an adjustable clock, the app,
// and users of every role.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Role } from "@attacklens/protocol/permissions.ts";
import { PROBLEM_FACTS, type ProblemBody } from "@attacklens/protocol/problems.ts";
import { type Route, type RouteOutput, type RouteRequest, routePath } from "@attacklens/protocol/route.ts";
import { problemsOf } from "@attacklens/protocol/route-problems.ts";
import { ROUTES } from "@attacklens/protocol/routes.ts";
import pg from "pg";
import pino from "pino";
import { drawSome } from "../../harness/long-tests.ts";
import type { Roots } from "../certificates/certificates.ts";
import { pinOf } from "../certificates/x509.ts";
import { DIALECTS, type Dialect } from "../db/dialect.ts";
import { type DatabaseLocation, openDatabase } from "../db/open.ts";
import type { Database } from "../db/schema.ts";
import { inTransaction } from "../db/transaction.ts";
import { createApp } from "../http/app.ts";
import { openMetrics } from "../http/metrics.ts";
import { openSortedItems } from "../inventory/sorted-items.ts";
import { openServices } from "../services.ts";
import { makeUser } from "../users/users.ts";

/** Both databases; only SQLite without TEST_DATABASE_URL, which `npm test` always sets. */
export const TESTED_DIALECTS: readonly Dialect[] = process.env.TEST_DATABASE_URL ? DIALECTS : ["sqlite"];

/**
 * The databases for tests of rules that the server computes, whose queries other tests run on both. Without
 * LONG_TESTS=1, one of them is drawn for each file.
 */
export function drawDialects(): readonly Dialect[] {
  return drawSome(TESTED_DIALECTS);
}

export const PASSWORD = "violet tractor swims 42";
/**
 * Argon2id at its lowest cost. A hash contains its cost, so the sign-in code is the usual one, only faster.
 */
const PASSWORD_HASH = Bun.password.hashSync(PASSWORD, { algorithm: "argon2id", memoryCost: 8, timeCost: 1 });

export interface TestDatabase extends AsyncDisposable {
  db: Database;
  location: DatabaseLocation;
  /** Only of PostgreSQL. */
  databaseUrl: string | undefined;
  /** Opens the same database again, like a second server. */
  reopen(): Promise<Database>;
}

let sqliteTemplate: Promise<string> | undefined;
let postgresTemplate: Promise<string> | undefined;
const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export async function createTestDatabase(dialect: Dialect): Promise<TestDatabase> {
  const location = dialect === "sqlite" ? await copySqlite() : await copyPostgres();
  const opened = [await openDatabase(location)];
  return {
    db: opened[0]!,
    location,
    databaseUrl: location.databaseUrl,
    async reopen() {
      const db = await openDatabase(location);
      opened.push(db);
      return db;
    },
    async [Symbol.asyncDispose]() {
      for (const db of opened) await db.destroy();
      const { databaseUrl } = location;
      if (databaseUrl) await administer(`drop database "${databaseName(databaseUrl)}"`);
      else rmSync(location.dataDir, { recursive: true, force: true });
    },
  };
}

async function copySqlite(): Promise<DatabaseLocation> {
  sqliteTemplate ??= (async () => {
    const dataDir = temporaryFolder();
    await (await openDatabase({ dataDir })).destroy();
    return join(dataDir, "attacklens.db");
  })();
  const dataDir = temporaryFolder();
  copyFileSync(await sqliteTemplate, join(dataDir, "attacklens.db"));
  return { dataDir };
}

async function copyPostgres(): Promise<DatabaseLocation> {
  postgresTemplate ??= (async () => {
    const name = randomName("template");
    await administer(`create database "${name}"`);
    await (await openDatabase({ dataDir: "", databaseUrl: urlOf(name) })).destroy();
    process.once("beforeExit", () => administer(`drop database if exists "${name}"`));
    return name;
  })();
  const name = randomName("test");
  // file_copy writes no WAL of each page, which halves the CPU time.
  await administer(`create database "${name}" template "${await postgresTemplate}" strategy file_copy`);
  return { dataDir: "", databaseUrl: urlOf(name), maxConnections: 8 };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "attacklens-test-"));
  folders.push(folder);
  return folder;
}

const randomName = (kind: string) => `attacklens_${kind}_${Bun.randomUUIDv7().replaceAll("-", "")}`;
const databaseName = (url: string) => new URL(url).pathname.slice(1);

function urlOf(name: string): string {
  const url = new URL(process.env.TEST_DATABASE_URL!);
  url.pathname = `/${name}`;
  return url.href;
}

let administrator: pg.Pool | undefined;

/** On one connection for all tests of the process: opening one takes as long as copying the database. */
async function administer(statement: string): Promise<void> {
  administrator ??= new pg.Pool({
    connectionString: process.env.TEST_DATABASE_URL,
    max: 1,
    allowExitOnIdle: true,
  });
  await administrator.query(statement);
}

interface WorldOptions {
  roots?: Roots;
  dataDir?: string;
  requiresSecondFactor?: boolean;
}

/** A server without a socket: the app on a new database, and functions to add users. */
export async function openWorld(dialect: Dialect, options: WorldOptions = {}) {
  const database = await createTestDatabase(dialect);
  const clock = { ms: Date.parse("2026-11-24T09:00:00.000Z") };
  const now = () => clock.ms;
  const { db } = database;
  const { fetch, services } = openServer(db, now, options);
  const { signIn, refusals } = services;

  /** Creates a user with PASSWORD. */
  async function addUser(email: string, role: Role): Promise<void> {
    const person = { name: `The ${role}`, email, password: PASSWORD };
    await inTransaction(db, (tx) => makeUser(tx, clock.ms, person, role, PASSWORD_HASH));
  }

  /** Returns the cookie of another session of the user that `signedIn` created. */
  async function signInAgain(role: Role): Promise<string> {
    const client = { headers: new Headers(), address: "127.0.0.1" };
    const signedIn = await signIn.signIn(`${role}@example.com`, PASSWORD, client);
    if ("step" in signedIn) throw new Error("the user has a second factor");
    return signedIn.cookies.map((cookie) => cookie.slice(0, cookie.indexOf(";"))).join("; ");
  }

  return {
    db,
    location: database.location,
    databaseUrl: database.databaseUrl,
    clock,
    fetch,
    refusals,
    services,
    /** Another server on the same database. */
    async secondServer() {
      return openServer(await database.reopen(), now, options);
    },
    async secondFetch() {
      return (await this.secondServer()).fetch;
    },
    /** Calls a route as a user. Throws if the status is not the route's success status. */
    async call<R extends Route>(
      route: R,
      cookie: string,
      request: Partial<RouteRequest<R>> = {},
    ): Promise<RouteOutput<R>> {
      const query = new URLSearchParams((request.query ?? {}) as Record<string, string>).toString();
      const path = routePath(route, request.params as Record<string, string>) + (query && `?${query}`);
      const response = await fetch(path, jsonInit(route.method, request.body, { cookie }));
      if (response.status !== route.status)
        throw new Error(`${route.name}: ${response.status} ${await response.text()}`);
      if (response.status === 204) return undefined as RouteOutput<R>;
      const reply: unknown = await response.json();
      // The API reference describes every member.
      if (route.output && !isDeepStrictEqual(route.output.parse(reply), reply))
        throw new Error(`${route.name}: undeclared members in ${JSON.stringify(reply)}`);
      return reply as RouteOutput<R>;
    },
    addUser,
    /** Creates a user with the role. Returns the cookie of the user's session. */
    async signedIn(role: Role): Promise<string> {
      await addUser(`${role}@example.com`, role);
      return await signInAgain(role);
    },
    signInAgain,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Without a folder, there is no release. */
function openServer(
  db: Database,
  now: () => number,
  { roots, dataDir = "/nonexistent", requiresSecondFactor = false }: WorldOptions,
) {
  const services = openServices({
    ...{ dataDir, db, reads: db, longReads: db, now, sessionNow: Date.now, log: pino({ level: "silent" }) },
    ...{ secret: "a secret of the tests, 32 or more characters", publicUrl: "http://test", secure: false },
    sortedItems: openSortedItems(db),
    checkInIntervalSeconds: 60,
    keyMaxAgeMs: 30 * 86_400_000,
    requiresSecondFactor,
    connection: {
      sensorUrl: () => null,
      certificate: () => undefined,
      caFiles: () => roots?.certificates.map((root) => `${root.trim()}\n`) ?? [],
      roots: () => roots && { ...roots, pins: roots.certificates.map(pinOf) },
    },
    ownNames: { urls: ["https://attacklens.test"], hosts: ["test"], ports: () => [8443] },
  });
  const metrics = openMetrics({ droppedLogLines: () => 0, measuresProcess: false });
  const consoleFile = () => undefined;
  const app = createApp({ services, metrics, metricsToken: undefined, secure: false, consoleFile });
  const fetch = async (path: string, init: RequestInit = {}, address = "127.0.0.1"): Promise<Response> => {
    const headers = new Headers(init.headers);
    // Every client sends it. A body without it counts as the largest that the route accepts.
    if (typeof init.body === "string") headers.set("content-length", String(Buffer.byteLength(init.body)));
    const request = new Request(`http://test${path}`, { ...init, headers });
    const response = await app.fetch(request, { address, port: "shared" });
    await requireDeclared(request, response);
    return response;
  };

  return { fetch, services };
}

const patterns = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{\w+\}/g, "[^/]+")}$`),
}));

/**
 * Throws for a problem that the route does not declare, because the API reference would not contain it, and
 * for one whose facts are not data.
 */
async function requireDeclared({ method, url }: Request, response: Response): Promise<void> {
  if (response.status < 400) return;
  const { pathname } = new URL(url);
  const route = patterns.find((one) => one.route.method === method && one.pattern.test(pathname))?.route;
  if (!route) return;
  const body = (await response.clone().json()) as ProblemBody;
  const { code } = body;
  if (!problemsOf(route).includes(code)) throw new Error(`${route.name} does not declare ${code}`);
  const facts: Partial<Record<string, keyof ProblemBody>> = PROBLEM_FACTS;
  const fact = facts[code];
  if (fact && body[fact] === undefined) throw new Error(`${code} of ${route.name} is without ${fact}`);
}

export type World = Awaited<ReturnType<typeof openWorld>>;

export function jsonInit(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  if (body === undefined) return { method, headers };
  return { method, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
