// attacklens user: manages users on the server host, with or without a running server.
import { issueText } from "@attacklens/protocol/issue-text.ts";
import { type CreatedLink, linkUrl } from "@attacklens/protocol/one-time-links.ts";
import { ROLES, type Role } from "@attacklens/protocol/permissions.ts";
import { Problem } from "@attacklens/protocol/problems.ts";
import { inviteUser as inviteRoute, USER_STATUSES } from "@attacklens/protocol/users.ts";
import { type Config, readConfig } from "../config.ts";
import { openExistingDatabase } from "../db/open.ts";
import type { Database } from "../db/schema.ts";
import { portsOf, urlOf } from "../ports.ts";
import * as changes from "../users/user-changes.ts";
import { findListedUser, findUserId, pageOfUsers, type UserRow } from "../users/user-list-store.ts";
import { OPERATOR, presentFacts } from "../users/user-rules.ts";
import { CommandError, refusalError } from "./command-error.ts";
import { createUserCommand } from "./create-user.ts";
import { parseFlags, reportErrors, required } from "./parse-flags.ts";
import { table } from "./text-table.ts";

export const USER_USAGE = `Usage:
  attacklens user list [--search TEXT] [--role ROLE] [--status STATUS] [--json]
  attacklens user create --email EMAIL --name NAME --role ROLE [--json] < password.txt
  attacklens user invite --email EMAIL --name NAME --role ROLE [--url URL] [--json]
  attacklens user set-role EMAIL|ID --role ROLE [--json]
  attacklens user disable|enable|delete EMAIL|ID [--json]
  attacklens user reset EMAIL|ID [--url URL] [--json]

Manages the users of the console, in the database of this host. It works with and without a
running server. Changes take effect with the user's next request, and are in the audit log.

  create     creates a user and prints the user's id. The password is read from standard input
  invite     creates a user, and prints a link that works once, for 7 days. The user sets a
             password with it
  set-role   changes the role
  disable    ends the user's sessions. The user's API keys are refused until enable
  delete     deletes a user, or withdraws an invitation. Objects keep the user's name
  reset      prints a link that works once, for 24 hours. The user sets a new password with it,
             and their second factors are removed. For an invited user, it renews the invitation

At least one active Super Admin always remains.

  --data DIR   folder of the database, as for attacklens serve. ATTACKLENS_DATA and DATABASE_URL
               select it too
  --url URL    address of the console in the link. Default: ATTACKLENS_PUBLIC_URL, or the address
               of --listen
  ROLE         ${ROLES.join(", ")}
  STATUS       ${USER_STATUSES.join(", ")}

Exit codes: 0 success, 1 failure, 2 usage error, 5 user not found, 6 rejected, for example because
the user is the only active Super Admin.
`;

const text = { type: "string" } as const;
const FLAGS = {
  ...{ data: text, email: text, name: text, role: text, search: text, status: text, url: text },
  json: { type: "boolean" },
} as const;
type Flags = ReturnType<typeof parseFlags<typeof FLAGS>>["values"];

interface Call {
  db: Database;
  config: Config;
  flags: Flags;
  named: string[];
}

/** For each command: the flags besides --data and --json, and its work. */
const VERBS: Record<string, { flags: (keyof Flags)[]; run: (call: Call) => Promise<void> }> = {
  list: { flags: ["search", "role", "status"], run: list },
  invite: { flags: ["email", "name", "role", "url"], run: invite },
  "set-role": { flags: ["role"], run: setRole },
  disable: { flags: [], run: (call) => change(call, changes.disableUser, "Disabled") },
  enable: { flags: [], run: (call) => change(call, changes.enableUser, "Enabled") },
  delete: { flags: [], run: remove },
  reset: { flags: ["url"], run: reset },
};

/** Returns the exit code. Prints errors to standard error. */
export async function userCommand([verb = "", ...args]: string[]): Promise<number> {
  if (verb === "create") return await createUserCommand(args);
  return await reportErrors("user", async () => {
    const found = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (!found)
      throw new CommandError("usage", verb ? `There is no command "user ${verb}"` : "user needs a command");
    const { values: flags, positionals: named } = parseFlags(args, FLAGS);
    const known = [...found.flags, "data", "json"];
    const other = Object.keys(flags).find((name) => !known.includes(name));
    if (other) throw new CommandError("usage", `user ${verb} has no option --${other}`);
    const config = readConfig(flags.data === undefined ? [] : ["--data", flags.data]);
    const db = await openExistingDatabase(config);
    try {
      await found.run({ db, config, flags, named });
    } catch (error) {
      throw error instanceof Problem ? refusalError(error) : error;
    } finally {
      await db.destroy();
    }
  });
}

async function list({ db, flags }: Call): Promise<void> {
  const status = oneOf(USER_STATUSES, flags.status, "--status");
  const filter = { q: flags.search, role: oneOf(ROLES, flags.role, "--role"), status };
  const rows: UserRow[] = [];
  let cursor: string | undefined;
  do {
    const now = Date.now();
    const page = await pageOfUsers(db, now, { ...filter, sort: "name", order: "asc", limit: 200, cursor });
    rows.push(...page.rows);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  const users = rows.map(presentFacts);
  if (flags.json) console.log(JSON.stringify(users, null, 2));
  else
    console.log(
      table([
        ["EMAIL", "NAME", "ROLE", "STATUS", "LAST SIGN-IN"],
        ...users.map((one) => [one.email, one.name, one.role, one.status, one.lastSignInAt ?? "never"]),
      ]),
    );
}

async function invite(call: Call): Promise<void> {
  const { db, flags } = call;
  const given = {
    name: required(flags.name, "--name"),
    email: required(flags.email, "--email"),
    role: required(flags.role, "--role"),
  };
  const parsed = inviteRoute.body.safeParse(given, { error: issueText });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new CommandError("usage", `--${String(issue.path[0])}: ${issue.message}`);
  }
  const base = baseUrl(call);
  const { id, link } = await changes.inviteUser(db, Date.now(), OPERATOR, parsed.data);
  await printLink(call, id, link, base);
}

async function reset(call: Call): Promise<void> {
  const base = baseUrl(call);
  const { id, status } = await findNamedUser(call);
  const create = status === "invited" ? changes.renewInvitation : changes.createResetLink;
  await printLink(call, id, await create(call.db, Date.now(), OPERATOR, id), base);
}

async function setRole(call: Call): Promise<void> {
  const role = oneOf(ROLES, required(call.flags.role, "--role"), "--role") as Role;
  await change(call, (db, now, editor, id) => changes.changeRole(db, now, editor, id, role), "Changed");
}

async function remove({ flags, ...call }: Call): Promise<void> {
  const { id, email } = await findNamedUser({ flags, ...call });
  await changes.deleteUser(call.db, Date.now(), OPERATOR, id);
  console.log(flags.json ? JSON.stringify({ deleted: id }) : `Deleted ${email}.`);
}

async function change(call: Call, work: typeof changes.disableUser, done: string): Promise<void> {
  const { id } = await findNamedUser(call);
  await work(call.db, Date.now(), OPERATOR, id);
  const user = presentFacts((await findListedUser(call.db, Date.now(), id))!);
  if (call.flags.json) console.log(JSON.stringify(user, null, 2));
  else console.log(`${done} ${user.email}: role ${user.role}, status ${user.status}.`);
}

async function printLink({ db, flags }: Call, id: string, link: CreatedLink, base: string): Promise<void> {
  const user = presentFacts((await findListedUser(db, Date.now(), id))!);
  const url = linkUrl(base, link.purpose, link.value);
  if (flags.json) return console.log(JSON.stringify({ user, link: { ...link, url } }, null, 2));
  console.log(url);
  console.error(
    `attacklens: send this link to ${user.email}. It works once, until ${link.expiresAt}, and is not shown again.`,
  );
}

/** Throws CommandError if the URL is not valid, before anything is changed. */
function baseUrl({ config, flags }: Call): string {
  const { users } = portsOf(config);
  const url = flags.url ?? config.publicUrl ?? urlOf(users, users.port);
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url).origin;
  throw new CommandError("usage", "--url must be the address of the console, such as https://lens.example");
}

async function findNamedUser({ db, named: [name, ...more] }: Call): Promise<UserRow> {
  if (name === undefined || more.length > 0)
    throw new CommandError("usage", "Give one user, by email or by id");
  const id = (await findUserId(db, name.trim().toLowerCase())) ?? name;
  const user = await findListedUser(db, Date.now(), id);
  if (!user) throw new CommandError("not-found", `There is no user ${JSON.stringify(name)}`);
  return user;
}

function oneOf<T extends string>(
  values: readonly T[],
  given: string | undefined,
  flag: string,
): T | undefined {
  const found = values.find((value) => value === given);
  if (given !== undefined && !found)
    throw new CommandError("usage", `${flag} must be one of ${values.join(", ")}`);
  return found;
}
