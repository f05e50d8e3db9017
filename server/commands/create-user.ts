// attacklens user create: creates a user on the server host. The password is read from standard input.
import { parseArgs } from "node:util";
import { completeSetup as setupRoute } from "@attacklens/protocol/account.ts";
import { issueText } from "@attacklens/protocol/issue-text.ts";
import { ROLES } from "@attacklens/protocol/permissions.ts";
import { z } from "zod";
import { ConfigError, readConfig } from "../config.ts";
import { openExistingDatabase } from "../db/open.ts";
import { createUser } from "../users/users.ts";

export const USER_USAGE = `Usage:
  attacklens user create [--data DIR] --email EMAIL --name NAME --role ROLE < password.txt

Creates a user and prints the user's id. ROLE is one of ${ROLES.join(", ")}.
The password is read from standard input. --data, ATTACKLENS_DATA, and DATABASE_URL select the
database, as for attacklens serve.
`;

const MAX_INPUT_CHARACTERS = 4_096;
const input = setupRoute.body.omit({ code: true }).extend({ role: z.enum(ROLES) });

export async function createUserCommand(args: string[]): Promise<number> {
  const { values } = parseFlags(args);
  const config = readConfig(values.data === undefined ? [] : ["--data", values.data]);
  const password = (await Bun.stdin.text()).slice(0, MAX_INPUT_CHARACTERS).replace(/\r?\n$/, "");
  const given = { name: values.name, email: values.email, role: values.role, password };
  const parsed = input.safeParse(given, { error: issueText });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const source =
      issue.path[0] === "password" ? "standard input (the password)" : `--${String(issue.path[0])}`;
    throw new ConfigError(`${source}: ${issue.message}`);
  }
  const { role, ...user } = parsed.data;
  const db = await openExistingDatabase(config);
  try {
    console.log(await createUser(db, Date.now(), user, role));
    return 0;
  } finally {
    await db.destroy();
  }
}

function parseFlags(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args, options: { data: text, email: text, name: text, role: text } });
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
}
