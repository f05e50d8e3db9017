// Compares the sensor with sudo on random files: the entries that `sudo -ll -U` lists, whether sudo lets an
// account run a program, and whose password it asks for. With TEST_SUDO_ROOTS, also with the sudo of other
// releases: the folders of their systems, separated by colons.
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import fc from "fast-check";
import { drawnCases } from "../../../../harness/long-tests.ts";
import { openTemporaryFolder } from "../../../../harness/temporary-folder.ts";
import { type HostFiles, openHostFiles } from "../../host-files.ts";
import { parseGroup, parsePasswd } from "../passwd.ts";
import { collectUsers } from "../users.ts";
import { indexAccounts } from "./accounts.ts";
import { createHostMatcher } from "./hosts.ts";
import { parseSudoers } from "./parse-sudoers.ts";
import { findSudoProgram } from "./sudo-program.ts";
import { featuresOf, type SudoVersion } from "./sudo-version.ts";
import { openSudoersFiles } from "./sudoers-files.ts";
import type { AliasType, Member, SudoersPolicy } from "./syntax.ts";
import { type RandomSudoers, randomSudoers } from "./testing/random-sudoers.ts";
import {
  ACCOUNT_FILES,
  CALLERS,
  findSudo,
  openSudo,
  readList,
  type TestSudo,
  writeCase,
} from "./testing/test-sudo.ts";
import { createListReader, verdictOf } from "./verdicts.ts";

type User = Extract<Item<"users">, { kind: "user" }>;

const found = await findSudo();
const others = (process.env.TEST_SUDO_ROOTS ?? "").split(":").filter(Boolean).map(openSudo);
const LISTED = Number(process.env.TEST_SUDO_RUNS ?? drawnCases(180));
/** Each takes a second of CPU. */
const ASKED = Number(process.env.TEST_SUDO_RUNS ?? drawnCases(12));

for (const sudo of [...(found ? [found] : []), ...others]) {
  const version = findSudoProgram(openHostFiles(sudo.root))?.version;
  const name = `sudo ${version?.join(".")} in ${sudo.root}`;

  test(
    `lists the entries of ${name}`,
    () =>
      compare(sudo, version, LISTED, false, (folder, user) => {
        const policy = read(openHostFiles(folder), version);
        if (dependsOnCaller(policy)) return;
        const listed = readList(join(folder, `list.${user}`)).map(withoutQuotes);
        expect(ourList(openHostFiles(folder), policy, version, user).map(withoutQuotes)).toEqual(listed);
      }),
    3_600_000,
  );

  test(
    `grants what ${name} grants, and names the password that it asks for`,
    () =>
      compare(sudo, version, ASKED, true, async (folder, user) => {
        const files = openHostFiles(folder);
        if (dependsOnCaller(read(files, version))) return;
        const items = [...collectUsers(files)];
        const account = items.find(({ key }) => key === `user:${user}`) as User;
        for (const line of readFileSync(join(folder, `may.${user}`), "utf8")
          .trim()
          .split("\n")) {
          const [target = "", program = "", may, asks = ""] = line.split(" ");
          const right = decisiveRight(account, target, program);
          if (right === "unclear") continue;
          expect(`${line}: ${right ? "yes" : "no"}`).toBe(`${line}: ${may}`);
          if (right) expect(`${line}: ${asker(right, user, target)}`).toBe(`${line}: ${asks.slice(5)}`);
        }
      }),
    3_600_000,
  );
}

test.if(found === undefined)("needs root and sudo to compare with", () => {
  expect(process.getuid?.() === 0 && process.env.CI).toBeFalsy();
});

/** All cases run in one layer, which costs more than sudo itself. A failure shows the seed and the files. */
async function compare(
  sudo: TestSudo,
  version: SudoVersion | undefined,
  count: number,
  asksAll: boolean,
  check: (folder: string, user: string) => void | Promise<void>,
): Promise<void> {
  const seed = Number(process.env.TEST_SUDO_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const cases = fc.sample(randomSudoers, { numRuns: count, seed });
  using temporary = openTemporaryFolder("sudo");
  const folderOf = (at: number) => join(temporary.path, String(at));
  cases.forEach((sudoers, at) => {
    mkdirSync(folderOf(at));
    writeCase(folderOf(at), sudoers, version?.join(".") ?? "");
  });
  await sudo.answer(temporary.path, asksAll);
  for (const [at, sudoers] of cases.entries()) {
    for (const user of CALLERS) {
      try {
        await check(folderOf(at), user);
      } catch (error) {
        throw new Error(`seed ${seed}, case ${at}, ${user}: ${(error as Error).message}\n${show(sudoers)}`);
      }
    }
  }
}

function show({ main, extra, dropIns }: RandomSudoers): string {
  return JSON.stringify({ main, extra, dropIns }, null, 1).replaceAll("\\n", "\n");
}

function read(files: HostFiles, version: SudoVersion | undefined): SudoersPolicy {
  return parseSudoers(
    openSudoersFiles(files, "/etc/sudoers", "web-01"),
    featuresOf(version, "debian"),
    () => {},
  );
}

/** root lists the entries, so that these Defaults are those of root. */
function dependsOnCaller({ defaults }: SudoersPolicy): boolean {
  return defaults.some(
    ({ scope, name }) => scope !== "" && /^(?:case_insensitive_|runas_default)/.test(name),
  );
}

function ourList(
  files: HostFiles,
  policy: SudoersPolicy,
  version: SudoVersion | undefined,
  user: string,
): string[] {
  if (policy.isCutShort) return [];
  const accounts = indexAccounts(
    parsePasswd(ACCOUNT_FILES["etc/passwd"] ?? ""),
    parseGroup(ACCOUNT_FILES["etc/group"] ?? ""),
  );
  const last = (name: string) => policy.defaults.findLast((each) => each.name === name)?.value;
  const readUsers = createListReader(accounts, {
    aliases: policy.aliases.User,
    foldUsers: last("case_insensitive_user") !== false,
    foldGroups: last("case_insensitive_group") !== false,
    noteGap: () => {},
  });
  // The layer has no network but loopback, which sudo ignores.
  const matchHosts = createHostMatcher(
    { shortName: "web-01", longName: "web-01.corp", addresses: [] },
    policy.aliases.Host,
    files.noteGap,
  );
  const [id = -1] = accounts.findByName(user, false);
  // Up to 1.9.5, the list shows the caller in place of the account.
  const self = version && version[1] === 9 && version[2] < 6 ? "root" : user;
  const show = (list: readonly Member[], type: AliasType) =>
    list.map((each) => showMember(each, policy, type, self, false).join(", ")).join(", ");
  return policy.userSpecs
    .filter(({ users }) => verdictOf(readUsers(users), id)?.isIn)
    .flatMap(({ privileges }) => privileges.filter(({ hosts }) => matchHosts(hosts) === true))
    .flatMap(({ commands }) => commands)
    .flatMap(({ runAsUsers, runAsGroups, noPassword, command }) => {
      const fallback = runAsGroups ? user : (last("runas_default") ?? "root");
      const users = runAsUsers ? show(runAsUsers, "Runas") : fallback;
      const password = noPassword === undefined ? "" : noPassword ? "!authenticate" : "authenticate";
      return showMember(command, policy, "Cmnd", self, false).map(
        (each) => `(${users}:${runAsGroups ? show(runAsGroups, "Runas") : ""}) ${password} ${each}`,
      );
    });
}

function showMember(
  { kind, name, args, isNegated }: Member,
  policy: SudoersPolicy,
  type: AliasType,
  self: string,
  isTurned: boolean,
  used: readonly string[] = [],
): string[] {
  const sign = isNegated !== isTurned ? "!" : "";
  const members = kind === "alias" && !used.includes(name) ? policy.aliases[type].get(name) : undefined;
  if (members)
    return members.flatMap((each) => showMember(each, policy, type, self, sign === "!", [...used, name]));
  const shown = kind === "all" ? "ALL" : kind === "self" ? self : name;
  return [`${sign}${shown}${args === undefined ? "" : ` ${args}`}`];
}

/** sudo shows quotes where it needs them, and `%!group` for `!%group`. */
function withoutQuotes(entry: string): string {
  return entry.replaceAll("%!", "!%").replace(/["\\]/g, "").replace(/ +/g, " ").trim();
}

/** The right by which an account runs a program without arguments. What a report does not tell is unclear. */
function decisiveRight(
  { privileges }: User,
  target: string,
  program: string,
): User["privileges"][number] | undefined | "unclear" {
  let best: { isExact: boolean; isAllowed: boolean; right: User["privileges"][number] } | undefined;
  for (const right of privileges) {
    const covers = right.runAs.includes("ALL")
      ? !right.runAs.includes(`!${target}`)
      : right.runAs.includes(target);
    if (!covers) continue;
    for (const command of right.commands) {
      const [path = "", ...conditions] = command.replace(/^!/, "").split(" (");
      if (conditions.length > 0 || !["ALL", program].includes(path)) {
        if (
          conditions.join() !== "with certain arguments)" &&
          (path === program || /[*$/]$|^ALL$/.test(path))
        )
          return "unclear";
        continue;
      }
      const isExact = path === program;
      if (best && best.isExact === isExact) return "unclear";
      if (!best || isExact) best = { isExact, isAllowed: !command.startsWith("!"), right };
    }
  }
  return best?.isAllowed ? best.right : undefined;
}

function asker({ password }: User["privileges"][number], user: string, target: string): string {
  if (password === "none" || user === target) return "";
  return { own: user, target, root: "root", "runas-default": "www" }[password];
}
