// attacklens token: manages enrollment tokens from a terminal or a script, through the API of a server.

import { countOf } from "@attacklens/protocol/count-of.ts";
import * as routes from "@attacklens/protocol/enrollment-tokens.ts";
import type { RouteRequest } from "@attacklens/protocol/route.ts";
import { CommandError } from "./command-error.ts";
import { CONNECTION_FLAGS, CONNECTION_HELP, openSession } from "./connection.ts";
import { findGroup, findToken } from "./find-named.ts";
import { parseFlags, reportErrors, required } from "./parse-flags.ts";
import { parseWhen } from "./parse-when.ts";
import { readSettings, SETTING_FLAGS, SETTINGS_HELP } from "./setting-flags.ts";
import { deliver, OUTPUT_FLAGS } from "./token-output.ts";
import { tokenFacts, tokenTable } from "./token-text.ts";

export const TOKEN_USAGE = `Usage:
  attacklens token create --name NAME --expires WHEN [--group NAME|ID] [--description TEXT]
                          [SETTING]... [OUTPUT]
  attacklens token list [--search TEXT] [--status STATUS] [--group NAME|ID]
                        [--warning any|WARNING] [--json]
  attacklens token show NAME|ID [--json]
  attacklens token pause|resume|revoke|delete NAME|ID [--json]
  attacklens token rotate NAME|ID --name NEW-NAME --expires WHEN --old-until WHEN [OUTPUT]

WHEN is a time from now such as 12h, 7d or 4w, a date and time such as 2026-12-01T18:00:00Z, or
never. --old-until accepts now instead of never. --expires is required, so that no token is valid
forever by accident.

SETTING:
${SETTINGS_HELP}

OUTPUT selects where the value of the token goes. It is shown only once.
  (nothing)          prints the token's settings and the value as text
  --json             prints both as JSON
  --value-only       prints only the value: TOKEN=$(attacklens token create ... --value-only)
  --value-file FILE  writes the value to a new file that only its owner can read

${CONNECTION_HELP}

Exit codes: 0 success, 1 failure, 2 usage error, 3 not signed in or not permitted, 4 server
unreachable or unavailable, 5 token or asset group not found, 6 rejected by the server, for
example because the name is taken.
`;

const text = { type: "string" } as const;
const VERBS = {
  pause: routes.pauseEnrollmentToken,
  resume: routes.resumeEnrollmentToken,
  revoke: routes.revokeEnrollmentToken,
} as const;

/** Returns the exit code. Prints errors to standard error. */
export async function tokenCommand([verb = "", ...args]: string[]): Promise<number> {
  return await reportErrors("token", async () => {
    if (verb === "create") await create(args);
    else if (verb === "list") await list(args);
    else if (verb === "show") await show(args);
    else if (verb === "rotate") await rotate(args);
    else if (verb === "delete") await remove(args);
    else if (verb === "pause" || verb === "resume" || verb === "revoke") await change(verb, args);
    else
      throw new CommandError("usage", verb ? `There is no command "token ${verb}"` : "token needs a command");
  });
}

async function create(args: string[]): Promise<void> {
  const { values: flags } = parseFlags(args, {
    ...CONNECTION_FLAGS,
    ...OUTPUT_FLAGS,
    name: text,
    description: text,
    group: text,
    expires: text,
    ...SETTING_FLAGS,
  });
  const name = required(flags.name, "--name");
  const expiresAt = parseWhen(required(flags.expires, "--expires"), "--expires");
  const settings = readSettings(flags);
  await using session = await openSession(flags);
  const scope: RouteRequest<typeof routes.createEnrollmentToken>["body"]["scope"] =
    flags.group === undefined
      ? { type: "all-assets" }
      : { type: "asset-group", assetGroupId: await findGroup(session, flags.group) };
  const { description = "" } = flags;
  await deliver(flags, () =>
    session.call(routes.createEnrollmentToken, {
      body: { ...settings, name, scope, expiresAt, description },
    }),
  );
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
  if (oldExpiresAt === null)
    throw new CommandError(
      "usage",
      "--old-until must be a time or now: the old token can't stay valid forever",
    );
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
  const tokens: routes.ListedToken[] = [];
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
    console.log(`Deleted ${token.name}. ${countOf(sensors, "sensor stays", "sensors stay")} enrolled.`);
  }
}

function print(token: routes.EnrollmentToken, json: boolean | undefined): void {
  console.log(json ? JSON.stringify(token, null, 2) : tokenFacts(token));
}
