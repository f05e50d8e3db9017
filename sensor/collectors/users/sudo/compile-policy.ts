// A policy of sudo or doas for this host: the rules that apply here and now, with their lists resolved.
import { drain } from "../../drain.ts";
import { firstOf } from "../../first-of.ts";
import type { HostFiles } from "../../host-files.ts";
import { type AccountId, type Accounts, foldName } from "./accounts.ts";
import { type Command, type CommandReader, createCommandReader } from "./commands.ts";
import { isAboutRights, type Settings } from "./defaults.ts";
import type { CommandSpec, DefaultsEntry, Member, SudoersPolicy } from "./syntax.ts";
import { createListReader, type ListReader, type VerdictOptions, type Verdicts } from "./verdicts.ts";

/** Commands as certain accounts. */
export interface Entry {
  /** Undefined: as the default account. */
  runAs: Verdicts | undefined;
  /** May choose one of these groups. */
  runAsGroups: readonly string[] | undefined;
  /** Keeps its own account, and changes only the group. */
  isForGroupOnly: boolean;
  noPassword: boolean | undefined;
  /** The last one first. */
  commands: readonly Command[];
}

export interface Rule {
  users: Verdicts;
  /** The last one first. */
  entries: readonly Entry[];
  /** It decides about all commands as any account, so that no earlier rule matters. */
  isTotal: boolean;
}

export interface BoundDefaults extends DefaultsEntry {
  /** Of the scopes `:` and `>`. */
  accounts: Verdicts | undefined;
  /** Of the scope `!`, the last one first. */
  commands: readonly Command[];
}

export interface CompiledPolicy {
  /** A later rule overrides an earlier one. */
  rules: readonly Rule[];
  defaults: readonly BoundDefaults[];
  accounts: Accounts;
  rootId: AccountId;
  defaultAccountOf(settings: Settings): AccountId;
  /** The name of an account, also of one that only the policy names. */
  nameOf(id: AccountId): string;
  isInGroup(id: AccountId, group: string): boolean;
}

export interface PolicyContext {
  accounts: Accounts;
  /** Undefined: the list does not name this host. */
  matchHosts(list: readonly Member[]): boolean | undefined;
  /** Milliseconds. */
  now: number;
  /** doas distinguishes case, and sudo only with Defaults that say so. */
  foldCase: boolean;
  noteGap: HostFiles["noteGap"];
}

/** Defaults about rights. Each is looked at for each kind of account. */
const MAX_DEFAULTS = 2_000;
const MAX_RUN_AS_GROUPS = 50;

/** Lets go of the rules of `policy`: there may be many. */
export function compilePolicy(policy: SudoersPolicy, context: PolicyContext): CompiledPolicy {
  const { accounts, matchHosts, noteGap } = context;
  const here = policy.defaults.filter(({ scope, members }) => scope !== "@" || matchHosts(members) === true);
  const [foldUsers, foldGroups] = ["case_insensitive_user", "case_insensitive_group"].map((name) =>
    isSet(here, name, context.foldCase),
  ) as [boolean, boolean];
  if (here.some(({ name, value }) => name === "group_plugin" && value !== false))
    noteGap({ kind: "not-understood", subject: "group_plugin", reason: "sudo asks a plugin for groups" });

  const unknown = new Map<string, AccountId>();
  const names: string[] = [];
  function idOfUnknown(name: string): AccountId {
    const key = foldUsers ? foldName(name) : name;
    const id = unknown.get(key) ?? accounts.userCount + names.push(name) - 1;
    unknown.set(key, id);
    return id;
  }

  const options: VerdictOptions = { aliases: policy.aliases.User, foldUsers, foldGroups, noteGap };
  const readUsers = createListReader(accounts, options);
  const readRunAs = createListReader(accounts, { ...options, aliases: policy.aliases.Runas, idOfUnknown });
  const readCommands = createCommandReader(policy.aliases.Cmnd, noteGap);
  const find = (name: string) => accounts.findByName(name, foldUsers)[0] ?? idOfUnknown(name);

  const rules: Rule[] = [];
  for (const { users, privileges } of drain(policy.userSpecs)) {
    const entries = privileges
      .filter(({ hosts }) => matchHosts(hosts) === true)
      .flatMap(({ commands }) => commands.filter((spec) => isValidAt(spec, context.now)))
      .map((spec) => compileSpec(spec, policy, readRunAs, readCommands, noteGap))
      .reverse();
    if (entries.length > 0) rules.push({ users: readUsers(users), entries, isTotal: entries.some(isTotal) });
  }

  return {
    rules,
    defaults: lastDefaults(here, noteGap).map((entry) => ({
      ...entry,
      accounts:
        entry.scope === ":"
          ? readUsers(entry.members)
          : entry.scope === ">"
            ? readRunAs(entry.members)
            : undefined,
      commands: entry.scope === "!" ? entry.members.toReversed().flatMap(readCommands) : [],
    })),
    accounts,
    rootId: accounts.findByName("root", false)[0] ?? accounts.findByUid(0)[0] ?? idOfUnknown("root"),
    defaultAccountOf: (settings) => find(settings.runas_default),
    nameOf: (id) => accounts.findUser(id)?.name ?? names[id - accounts.userCount] ?? "",
    isInGroup: (id, group) =>
      accounts.findGroups(group, foldGroups).some((each) => accounts.groupsOf(id).includes(each)),
  };
}

/** The last ones count more. */
function lastDefaults(
  entries: readonly DefaultsEntry[],
  noteGap: HostFiles["noteGap"],
): readonly DefaultsEntry[] {
  const all = entries.filter(isAboutRights).toReversed();
  return firstOf({ noteGap }, "Defaults", all, MAX_DEFAULTS, "read").toReversed();
}

function isSet(entries: readonly DefaultsEntry[], name: string, initial: boolean): boolean {
  const last = entries.findLast(
    (entry) => entry.name === name && (entry.scope === "" || entry.scope === "@"),
  )?.value;
  return typeof last === "boolean" ? last : initial;
}

function isValidAt({ notBefore, notAfter }: CommandSpec, now: number): boolean {
  return !(notBefore !== undefined && now < notBefore) && !(notAfter !== undefined && now > notAfter);
}

function isTotal({ runAs, runAsGroups, commands }: Entry): boolean {
  const isForAll = runAs?.others?.isIn === true && runAs.accounts.size === 0 && runAsGroups?.[0] === "ALL";
  return isForAll && commands.some(({ path, hasDigest }) => path === undefined && !hasDigest);
}

function compileSpec(
  { runAsUsers, runAsGroups, noPassword, command }: CommandSpec,
  policy: SudoersPolicy,
  readRunAs: ListReader,
  readCommands: CommandReader,
  noteGap: HostFiles["noteGap"],
): Entry {
  return {
    runAs: runAsUsers && readRunAs(runAsUsers),
    runAsGroups: runAsGroups && describeGroups(runAsGroups, policy.aliases.Runas, noteGap),
    isForGroupOnly: runAsUsers === undefined && runAsGroups !== undefined,
    noPassword,
    commands: readCommands(command),
  };
}

/** The names of groups, with aliases resolved and `!` before those that are excluded. */
function describeGroups(
  list: readonly Member[],
  aliases: ReadonlyMap<string, readonly Member[]>,
  noteGap: HostFiles["noteGap"],
): string[] {
  const names: string[] = [];
  const resolved = new Set<string>();
  function add(members: readonly Member[], isNegated: boolean): void {
    for (const member of members) {
      if (names.length >= MAX_RUN_AS_GROUPS) {
        const reason = `more than ${MAX_RUN_AS_GROUPS} groups of one rule`;
        noteGap({ kind: "limit", subject: "sudoers", reason });
        return;
      }
      const isOut = member.isNegated !== isNegated;
      const within =
        member.kind === "alias" && !resolved.has(member.name) ? aliases.get(member.name) : undefined;
      if (within === undefined)
        names.push(`${isOut ? "!" : ""}${member.kind === "all" ? "ALL" : member.name}`);
      else {
        resolved.add(member.name);
        add(within, isOut);
      }
    }
  }
  add(list, false);
  return names;
}
