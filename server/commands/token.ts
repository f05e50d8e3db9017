// attacklens token: enrollment tokens from a terminal or a script, through the API of a server.
import { type ParseArgsConfig, parseArgs } from "node:util";
import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import { LOST_SENSOR_RULES } from "@attacklens/protocol/lost-sensors.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import { redactTokenValues } from "@attacklens/protocol/token-value.ts";
import { CommandError, EXIT_CODES } from "./command-error.ts";
import { CONNECTION_FLAGS, openSession } from "./connection.ts";
import { findGroup, findToken } from "./find-named.ts";
import { parseCount, parseWhen } from "./parse-when.ts";
import { deliver, OUTPUT_FLAGS } from "./token-output.ts";
import { tokenFacts, tokenTable } from "./token-text.ts";

export const TOKEN_USAGE = `Usage:
  attacklens token create --name NAME --expires WHEN [--group NAME|ID] [--max-enrollments N]
                   [--network CIDR]... [--hostname PATTERN]... [--tag TAG]... [--description TEXT]
                   [--require-approval] [--ephemeral-hours N]
                   [--cloned-hosts allow|approval|refuse]
                   [--reimaged-hosts ask|merge|keep]
                   [--re-enroll-lost new-pin|always|never] [OUTPUT]
  attacklens token list [--search TEXT] [--status STATUS] [--group NAME|ID] [--warning any|WARNING] [--json]
  attacklens token show NAME|ID [--json]
  attacklens token pause|resume|revoke|delete NAME|ID [--json]
  attacklens token rotate NAME|ID --name NEW-NAME --expires WHEN --old-until WHEN [OUTPUT]

WHEN is a time from now such as 12h, 7d or 4w, a date and time such as 2026-12-01T18:00:00Z, or never
(for --old-until: now). It must be said: no token lives for ever by oversight.

OUTPUT says where the value goes, which is shown this once:
  (nothing)          the token's settings and the value, for people
  --json             both as JSON
  --value-only       the value alone on standard output: TOKEN=$(attacklens token create ... --value-only)
  --value-file FILE  into a new file that only its owner can read; nothing of it on the terminal

Which server, and who calls:
  --server URL or ATTACKLENS_URL          https://..., or http://127.0.0.1:8080 on the same machine
  --ca FILE                               trusts these certificates in place of the system's
  --api-key-file FILE or ATTACKLENS_API_KEY
  --sign-in E-MAIL                        asks for the password, or reads it from standard input

Exit codes: 0 done, 1 failed, 2 usage, 3 not signed in or not permitted, 4 server unreachable or in
trouble, 5 no such token or group, 6 refused by the server (such as a name that is taken).
`;

const text = { type: "string" } as const;
const texts = { type: "string", multiple: true } as const;
const flag = { type: "boolean" } as const;
const VERBS = {
  pause: routes.pauseEnrollmentToken,
  resume: routes.resumeEnrollmentToken,
  revoke: routes.revokeEnrollmentToken,
} as const;

/** Answers the exit code; says what went wrong on standard error. */
export async function tokenCommand([verb = "", ...args]: string[]): Promise<number> {
  try {
    if (verb === "create") await create(args);
    else if (verb === "list") await list(args);
    else if (verb === "show") await show(args);
    else if (verb === "rotate") await rotate(args);
    else if (verb === "delete") await remove(args);
    else if (verb === "pause" || verb === "resume" || verb === "revoke") await change(verb, args);
    else throw new CommandError("usage", verb ? `token ${verb} is no command` : "token needs a command");
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`attacklens: ${redactTokenValues(error.message)}`);
    const hint =
      error.hint ?? (error.exit === "usage" ? "attacklens token --help shows the commands" : undefined);
    if (hint) console.error(`hint: ${hint}`);
    return EXIT_CODES[error.exit];
  }
}

async function create(args: string[]): Promise<void> {
  const { values: flags } = parseFlags(args, {
    ...CONNECTION_FLAGS,
    ...OUTPUT_FLAGS,
    name: text,
    description: text,
    group: text,
    expires: text,
    "max-enrollments": text,
    network: texts,
    hostname: texts,
    tag: texts,
    "require-approval": flag,
    "ephemeral-hours": text,
    "cloned-hosts": text,
    reimagedHosts: text,
    "re-enroll-lost": text,
  });
  const name = required(flags.name, "--name");
  const expiresAt = parseWhen(required(flags.expires, "--expires"), "--expires");
  const limits = {
    maxEnrollments: parseCount(flags["max-enrollments"], "--max-enrollments"),
    ephemeralHours: parseCount(flags["ephemeral-hours"], "--ephemeral-hours"),
  };
  await using session = await openSession(flags);
  const scope: RouteRequest<typeof routes.createEnrollmentToken>["body"]["scope"] =
    flags.group === undefined
      ? { type: "all-assets" }
      : { type: "asset-group", assetGroupId: await findGroup(session, flags.group) };
  await deliver(flags, () =>
    session.call(routes.createEnrollmentToken, {
      body: {
        ...limits,
        name,
        scope,
        expiresAt,
        description: flags.description ?? "",
        allowedNetworks: flags.network ?? [],
        allowedHostnames: flags.hostname ?? [],
        tags: flags.tag ?? [],
        requireApproval: flags["require-approval"] ?? false,
        clonedHosts: parseRule("--cloned-hosts", routes.CLONED_HOSTS_RULES, flags["cloned-hosts"]),
        reimagedHosts: parseRule("--reimaged-hosts", routes.REIMAGED_HOSTS_RULES, flags.reimagedHosts),
        reEnrollLost: parseRule("--re-enroll-lost", LOST_SENSOR_RULES, flags["re-enroll-lost"]),
      },
    }),
  );
}

/** Absent: the server's own choice. */
function parseRule<R extends string>(
  flag: string,
  rules: readonly R[],
  text: string | undefined,
): R | undefined {
  const rule = rules.find((one) => one === text);
  if (rule !== undefined || text === undefined) return rule;
  throw new CommandError("usage", `${flag} must be one of ${rules.join(", ")}`);
}

async function rotate(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, {
    ...CONNECTION_FLAGS,
    ...OUTPUT_FLAGS,
    name: text,
    expires: text,
    "old-until": text,
  });
  const name = required(flags.name, "--name");
  const expiresAt = parseWhen(required(flags.expires, "--expires"), "--expires");
  const oldExpiresAt = parseWhen(required(flags["old-until"], "--old-until"), "--old-until");
  if (oldExpiresAt === null) throw new CommandError("usage", "--old-until must be an end: a time, or now");
  await using session = await openSession(flags);
  const { id } = await findToken(session, positionals);
  await deliver(flags, () =>
    session.call(routes.rotateEnrollmentToken, { params: { id }, body: { name, expiresAt, oldExpiresAt } }),
  );
}

async function list(args: string[]): Promise<void> {
  const { values: flags } = parseFlags(args, {
    ...CONNECTION_FLAGS,
    search: text,
    status: text,
    group: text,
    warning: text,
  });
  await using session = await openSession(flags);
  const filter = {
    limit: 200,
    ...(flags.search === undefined ? {} : { q: flags.search }),
    ...(flags.status === undefined ? {} : { status: flags.status as routes.TokenStatus }),
    ...(flags.warning === undefined ? {} : { warning: flags.warning as routes.TokenWarning }),
    ...(flags.group === undefined ? {} : { assetGroupId: await findGroup(session, flags.group) }),
  };
  const tokens: routes.EnrollmentToken[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { ...filter, ...(cursor ? { cursor } : {}) };
    const page = await session.call(routes.listEnrollmentTokens, { query });
    tokens.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  console.log(flags.json ? JSON.stringify(tokens, null, 2) : tokenTable(tokens));
}

async function show(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  print(await findToken(session, positionals), flags.json);
}

async function change(verb: keyof typeof VERBS, args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  const { id } = await findToken(session, positionals);
  print(await session.call(VERBS[verb], { params: { id } }), flags.json);
}

async function remove(args: string[]): Promise<void> {
  const { values: flags, positionals } = parseFlags(args, CONNECTION_FLAGS);
  await using session = await openSession(flags);
  const token = await findToken(session, positionals);
  await session.call(routes.deleteEnrollmentToken, { params: { id: token.id } });
  if (flags.json) console.log(JSON.stringify({ deleted: token.id }));
  else {
    const { enrolledSensors: sensors } = token;
    console.log(
      `Deleted ${token.name}: ${sensors} ${sensors === 1 ? "sensor stays" : "sensors stay"} enrolled`,
    );
  }
}

function print(token: routes.EnrollmentToken, json: boolean | undefined): void {
  console.log(json ? JSON.stringify(token, null, 2) : tokenFacts(token));
}

function required(value: string | undefined, source: string): string {
  if (value === undefined) throw new CommandError("usage", `${source} is needed`);
  return value;
}

function parseFlags<const O extends NonNullable<ParseArgsConfig["options"]>>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new CommandError("usage", (error as Error).message.split(". ")[0] ?? "");
  }
}
