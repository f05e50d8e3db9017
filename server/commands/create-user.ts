// attacklens user create: creates a user. The password is read from standard input.
import { parseArgs } from "node:util";
import { completeSetup as setupRoute } from "@attacklens/protocol/account.ts";
import { issueText } from "@attacklens/protocol/issue-text.ts";
import { ROLES } from "@attacklens/protocol/permissions.ts";
import { z } from "zod";
import { ConfigError, readConfig } from "../config.ts";
import { openExistingDatabase } from "../db/open.ts";
import { createUser } from "../users/users.ts";

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
    const id = await createUser(db, Date.now(), user, role);
    console.log(
      values.json
        ? JSON.stringify({ id, name: user.name, email: user.email, role, status: "active" }, null, 2)
        : id,
    );
    return 0;
  } finally {
    await db.destroy();
  }
}

function parseFlags(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args,
      options: { data: text, email: text, name: text, role: text, json: { type: "boolean" } },
    });
  } catch (error) {
    throw new ConfigError((error as Error).message.split(". ")[0]);
  }
}
